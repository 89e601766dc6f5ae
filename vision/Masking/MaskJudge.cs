using System.Globalization;
using FreeMask.Vision.Imaging;

namespace FreeMask.Vision.Masking;

/// <summary>The rules by which a mask is refused.</summary>
internal static class MaskJudge
{
    internal static MaskRejection? Judge(byte[] mask, int width, float confidence, MaskRules rules)
    {
        var area = (float)mask.Count(v => v != 0) / mask.Length;
        if (area < rules.MinimumArea) return Refuse(MaskRejectionKind.TooSmall, $"the object covers {Percent(area)} of the picture, less than {Percent(rules.MinimumArea)}");
        if (area > rules.MaximumArea) return Refuse(MaskRejectionKind.TooLarge, $"the object covers {Percent(area)} of the picture, more than {Percent(rules.MaximumArea)}");
        var border = BorderShare(mask, width);
        if (border > rules.MaximumBorder) return Refuse(MaskRejectionKind.AlongBorder, $"the object covers {Percent(border)} of the border, more than {Percent(rules.MaximumBorder)}");
        if (confidence < rules.MinimumConfidence)
            return Refuse(MaskRejectionKind.Unsure, string.Create(CultureInfo.InvariantCulture, $"the confidence is {confidence:0.00}, below {rules.MinimumConfidence:0.00}"));
        var parts = Regions.Find(mask, width).Sizes.Count;
        return parts > rules.MaximumParts ? Refuse(MaskRejectionKind.Fragmented, $"the object is in {parts} parts, more than {rules.MaximumParts}") : null;
    }

    private static float BorderShare(byte[] mask, int width)
    {
        int height = mask.Length / width, covered = 0, total = 0;
        for (var y = 0; y < height; y++)
        {
            var step = y == 0 || y == height - 1 ? 1 : Math.Max(1, width - 1);
            for (var x = 0; x < width; x += step)
            {
                total++;
                if (mask[(y * width) + x] != 0) covered++;
            }
        }

        return (float)covered / total;
    }

    private static MaskRejection Refuse(MaskRejectionKind kind, string reason) => new(kind, reason);

    private static string Percent(float share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);
}
