namespace FreeMask.Vision.Thesaurus;

/// <summary>The interval of a proportion.</summary>
/// <param name="Low">Its low end, in 0..1.</param>
/// <param name="High">Its high end, in 0..1.</param>
internal readonly record struct Proportion(double Low, double High)
{
    // The quantile of the normal distribution for 95 %.
    private const double Z = 1.959964;

    /// <summary>
    /// The 95 % score interval of <paramref name="count"/> out of <paramref name="total"/> (E. B. Wilson 1927): it is right for small
    /// counts too, where the usual one is not. 0..1 where there is nothing to count.
    /// </summary>
    public static Proportion Wilson95(int count, int total)
    {
        if (total == 0) return new(0, 1);
        var p = (double)count / total;
        var center = p + (Z * Z / (2 * total));
        var margin = Z * Math.Sqrt((p * (1 - p) / total) + (Z * Z / (4.0 * total * total)));
        var scale = 1 + (Z * Z / total);
        // Exact at the ends, where rounding leaves a little.
        return new(count == 0 ? 0 : (center - margin) / scale, count == total ? 1 : (center + margin) / scale);
    }
}
