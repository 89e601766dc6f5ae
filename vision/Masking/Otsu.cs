using FreeMask.Imaging;

namespace FreeMask.Vision.Masking;

/// <summary>Otsu's threshold (IEEE Trans. SMC 9, 1979): the cut that maximises the variance between the two sides.</summary>
internal static class Otsu
{
    private const int Bins = 256;

    /// <summary>The cut of a histogram: values above the returned bin are foreground. Of equal cuts the lowest (as scikit-image and
    /// OpenCV).</summary>
    public static int Threshold(ReadOnlySpan<long> histogram)
    {
        double total = 0, weighted = 0;
        for (var i = 0; i < histogram.Length; i++)
        {
            total += histogram[i];
            weighted += (double)i * histogram[i];
        }

        double below = 0, belowWeighted = 0, best = -1;
        var threshold = 0;
        for (var i = 0; i < histogram.Length - 1; i++)
        {
            below += histogram[i];
            belowWeighted += (double)i * histogram[i];
            if (below == 0 || below == total) continue;
            var difference = (belowWeighted / below) - ((weighted - belowWeighted) / (total - below));
            var between = below * (total - below) * difference * difference;
            if (between <= best) continue;
            best = between;
            threshold = i;
        }

        return threshold;
    }

    /// <summary>
    /// The cut of a map in 0..1; values above are foreground. Otsu's bin says which values belong together; the cut itself is laid midway
    /// between the means of the two sides, where it is stable: on a nearly binary map every cut between the two levels is equally good,
    /// and the lowest of them would call any trace of doubt an object.
    /// </summary>
    public static float Threshold(FloatMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        var histogram = new long[Bins];
        foreach (var value in map.Values) histogram[Bin(value)]++;
        var cut = Threshold(histogram);
        double below = 0, above = 0;
        var count = 0;
        foreach (var value in map.Values)
        {
            if (Bin(value) > cut) (above, count) = (above + value, count + 1);
            else below += value;
        }

        if (count == 0 || count == map.Values.Length) return (cut + 1f) / Bins;
        return (float)(((above / count) + (below / (map.Values.Length - count))) / 2);
    }

    private static int Bin(float value) => Math.Clamp((int)(value * Bins), 0, Bins - 1);
}
