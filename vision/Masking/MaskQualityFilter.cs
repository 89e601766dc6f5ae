using FreeMask.Imaging;

namespace FreeMask.Vision.Masking;

/// <summary>The rules by which a mask is refused.</summary>
internal static class MaskQualityFilter
{
    internal static MaskRejection? FindRejection(byte[] mask, int width, float confidence, MaskRules rules)
    {
        var area = (double)mask.Count(v => v != 0) / mask.Length;
        if (area < rules.MinArea) return new(MaskRejectionKind.TooSmall, area, rules.MinArea);
        if (area > rules.MaxArea) return new(MaskRejectionKind.TooLarge, area, rules.MaxArea);
        var border = BorderShare(mask, width);
        if (border > rules.MaxBorder) return new(MaskRejectionKind.AlongBorder, border, rules.MaxBorder);
        if (confidence < rules.MinConfidence) return new(MaskRejectionKind.Unsure, confidence, rules.MinConfidence);
        var parts = Regions.Find(mask, width).Sizes.Count;
        return parts > rules.MaxParts ? new(MaskRejectionKind.Fragmented, parts, rules.MaxParts) : null;
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
