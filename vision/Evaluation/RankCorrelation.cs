namespace FreeMask.Vision.Evaluation;

/// <summary>Spearman's rank correlation: the correlation of ranks, equal numbers sharing their mean rank.</summary>
internal static class RankCorrelation
{
    /// <summary>The correlation of two series, in -1..1; NaN where one does not vary.</summary>
    /// <exception cref="ArgumentException">The series have different lengths.</exception>
    public static double Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count != second.Count)
            throw new ArgumentException($"{first.Count} numbers cannot be paired with {second.Count}.", nameof(second));
        var (a, b) = (Ranks(first), Ranks(second));
        var (meanA, meanB) = (a.Average(), b.Average());
        double both = 0, varianceA = 0, varianceB = 0;
        for (var i = 0; i < a.Length; i++)
        {
            both += (a[i] - meanA) * (b[i] - meanB);
            varianceA += (a[i] - meanA) * (a[i] - meanA);
            varianceB += (b[i] - meanB) * (b[i] - meanB);
        }

        return both / Math.Sqrt(varianceA * varianceB);
    }

    private static double[] Ranks(IReadOnlyList<double> values)
    {
        var order = Enumerable.Range(0, values.Count).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Count];
        for (var from = 0; from < order.Length;)
        {
            var to = from;
            while (to + 1 < order.Length && values[order[to + 1]].Equals(values[order[from]])) to++;
            for (var k = from; k <= to; k++) ranks[order[k]] = (from + to) / 2.0;
            from = to + 1;
        }

        return ranks;
    }
}
