using FreeMask.Imaging;

namespace FreeMask.Vision.Evaluation;

/// <summary>What is counted along the outlines of one class; sums over images are sums of these.</summary>
/// <param name="Intersection">Boundary pixels of both maps.</param>
/// <param name="Union">Boundary pixels of either map.</param>
internal readonly record struct BoundaryCounts(long Intersection, long Union)
{
    /// <summary>Boundary IoU; NaN where the class is in neither map.</summary>
    public double Iou => (double)Intersection / Union;
}

/// <summary>The boundary F measure of one class in one image.</summary>
/// <param name="Precision">Share of the predicted outline near the true one.</param>
/// <param name="Recall">Share of the true outline near the predicted one.</param>
internal readonly record struct BoundaryF(double Precision, double Recall)
{
    /// <summary>The harmonic mean; 0 where both are 0.</summary>
    public double F => Precision + Recall == 0 ? 0 : 2 * Precision * Recall / (Precision + Recall);
}

/// <summary>Measures along outlines. Pixels whose truth is 255 belong to neither map.</summary>
internal static class BoundaryScores
{
    private const double IouDistance = 0.02, FTolerance = 0.008;

    /// <summary>
    /// Boundary IoU (Cheng et al., CVPR 2021): of each mask only the pixels within d of its outside count, d = max(1, round(0.02
    /// diagonal)), chessboard distance, outside of the image is outside of the mask.
    /// </summary>
    /// <returns>Counts by class index; empty where the class is in neither map.</returns>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static BoundaryCounts[] Iou(LabelMap truth, LabelMap prediction, int classes)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(prediction);
        LabelMaps.RequireSameSize(truth, prediction);
        var distance = Math.Max(1, (int)Math.Round(IouDistance * Diagonal(truth), MidpointRounding.ToEven));
        var counts = new BoundaryCounts[classes];
        for (var c = 0; c < classes; c++)
        {
            var (a, b) = (Mask(truth, truth, c), Mask(truth, prediction, c));
            if (!a.Contains((byte)1) && !b.Contains((byte)1)) continue;
            var (innerA, innerB) = (
                Regions.Erode(a, truth.Width, distance, outside: 0),
                Regions.Erode(b, truth.Width, distance, outside: 0)
            );
            long both = 0, either = 0;
            for (var i = 0; i < a.Length; i++)
            {
                var (onA, onB) = (a[i] > innerA[i], b[i] > innerB[i]);
                if (onA && onB) both++;
                if (onA || onB) either++;
            }

            counts[c] = new BoundaryCounts(both, either);
        }

        return counts;
    }

    /// <summary>
    /// Boundary F of one class (DAVIS 2017, Pont-Tuset et al.): outlines match within a disk of radius ceil(0.008 diagonal).
    /// An outline in only one map gives precision or recall 0, none in both gives 1.
    /// </summary>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static BoundaryF F(LabelMap truth, LabelMap prediction, int classId)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(prediction);
        LabelMaps.RequireSameSize(truth, prediction);
        var radius = (int)Math.Ceiling(FTolerance * Diagonal(truth));
        var a = Outline(Mask(truth, truth, classId), truth.Width);
        var b = Outline(Mask(truth, prediction, classId), truth.Width);
        int countA = a.Count(v => v != 0), countB = b.Count(v => v != 0);
        if (countA == 0 || countB == 0) return new BoundaryF(countA == 0 && countB > 0 ? 0 : 1, countB == 0 && countA > 0 ? 0 : 1);
        return new BoundaryF(CountNear(b, a, truth.Width, radius) / countB, CountNear(a, b, truth.Width, radius) / countA);
    }

    private static double Diagonal(LabelMap map) => Math.Sqrt(((double)map.Width * map.Width) + ((double)map.Height * map.Height));

    private static byte[] Mask(LabelMap truth, LabelMap map, int classId)
    {
        var mask = new byte[map.Labels.Length];
        for (var i = 0; i < mask.Length; i++) mask[i] = map.Labels[i] == classId && truth.Labels[i] != LabelMap.Ignore ? (byte)1 : (byte)0;
        return mask;
    }

    // A pixel is on the outline when it differs from its right, lower or lower right neighbor (davis2017-evaluation, seg2bmap).
    private static byte[] Outline(byte[] mask, int width)
    {
        var height = mask.Length / width;
        var outline = new byte[mask.Length];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                int right = Math.Min(x + 1, width - 1), below = Math.Min(y + 1, height - 1);
                var here = mask[(y * width) + x];
                if (here != mask[(y * width) + right] || here != mask[(below * width) + x] || here != mask[(below * width) + right])
                    outline[(y * width) + x] = 1;
            }

        return outline;
    }

    // How many pixels of one outline have a pixel of the other within the disk.
    private static double CountNear(byte[] outline, byte[] other, int width, int radius)
    {
        var distances = DistanceMap.Measure(Array.ConvertAll(other, v => (byte)(1 - v)), width);
        var near = 0;
        for (var i = 0; i < outline.Length; i++)
            if (outline[i] != 0 && distances[i] <= radius) near++;
        return near;
    }
}
