using FreeMask.Imaging;

namespace FreeMask.Vision.Masking;

/// <summary>The rules by which a mask is refused.</summary>
internal static class MaskJudge
{
    internal static MaskRejection? Judge(byte[] mask, int width, float confidence, MaskRules rules)
    {
        var area = (double)mask.Count(v => v != 0) / mask.Length;
        if (area < rules.MinimumArea) return new(MaskRejectionKind.TooSmall, area, rules.MinimumArea);
        if (area > rules.MaximumArea) return new(MaskRejectionKind.TooLarge, area, rules.MaximumArea);
        var border = BorderShare(mask, width);
        if (border > rules.MaximumBorder) return new(MaskRejectionKind.AlongBorder, border, rules.MaximumBorder);
        if (confidence < rules.MinimumConfidence) return new(MaskRejectionKind.Unsure, confidence, rules.MinimumConfidence);
        var parts = Regions.Find(mask, width).Sizes.Count;
        return parts > rules.MaximumParts ? new(MaskRejectionKind.Fragmented, parts, rules.MaximumParts) : null;
    }

    private static double BorderShare(byte[] mask, int width)
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

        return (double)covered / total;
    }
}
