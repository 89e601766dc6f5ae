using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>Finds the row where the ground (or water, or table top) of a background ends.</summary>
internal static class HorizonFinder
{
    // Width of the belief about a scene kind's horizon (image heights), and the least contrast (CIELAB) that overrules it.
    private const double Belief = 0.12, LeastContrast = 4;

    /// <summary>
    /// The row, in image heights, at which the mean color of the free pixels above differs most from that below, weighted by a Gaussian
    /// about the scene kind's usual horizon; that horizon where nothing stands out. Objects that stand lie below it, whatever the colors
    /// say.
    /// </summary>
    internal static double Find(
        RgbImage image,
        LabelMap labels,
        SceneRule rule,
        IEnumerable<PlacedObject> objects,
        LabelSet classes
    )
    {
        if (rule.Horizon >= 1) return 1;
        var horizon = ByContrast(image, labels, rule.Horizon);
        foreach (var o in objects)
            if (SceneRules.Stands(classes[o.ClassId])) horizon = Math.Min(horizon, ((double)o.Box.Bottom / image.Height) - 0.04);
        return Math.Max(0, horizon);
    }

    private static double ByContrast(RgbImage image, LabelMap labels, double usual)
    {
        var rows = RowSums(image, labels);
        var window = Math.Max(1, image.Height / 12);
        double best = LeastContrast, found = usual;
        for (var y = window; y <= image.Height - window; y++)
        {
            var at = (double)y / image.Height;
            var off = (at - usual) / Belief;
            var weighted = Difference(rows, y - window, y, y + window) * Math.Exp(-off * off / 2);
            if (weighted <= best) continue;
            best = weighted;
            found = at;
        }

        return found;
    }

    /// <summary>Running sums over rows of L, a, b and of the number of free pixels.</summary>
    private static double[,] RowSums(RgbImage image, LabelMap labels)
    {
        var sums = new double[image.Height + 1, 4];
        for (var y = 0; y < image.Height; y++)
        {
            for (var k = 0; k < 4; k++) sums[y + 1, k] = sums[y, k];
            for (var x = 0; x < image.Width; x++)
            {
                if (labels[x, y] != LabelMap.Background) continue;
                var pixel = image[x, y];
                var (l, a, b) = LabColor.FromRgb(pixel[0], pixel[1], pixel[2]);
                sums[y + 1, 0] += l;
                sums[y + 1, 1] += a;
                sums[y + 1, 2] += b;
                sums[y + 1, 3]++;
            }
        }

        return sums;
    }

    private static double Difference(double[,] sums, int top, int middle, int bottom)
    {
        var above = sums[middle, 3] - sums[top, 3];
        var below = sums[bottom, 3] - sums[middle, 3];
        if (above == 0 || below == 0) return 0;
        var squares = 0.0;
        for (var k = 0; k < 3; k++)
        {
            var d = ((sums[middle, k] - sums[top, k]) / above) - ((sums[bottom, k] - sums[middle, k]) / below);
            squares += d * d;
        }

        return Math.Sqrt(squares);
    }
}
