namespace FreeMask.Vision.Placement;

/// <summary>How well scores tell plausible places from others.</summary>
internal static class PlacementAuc
{
    /// <summary>The share of pairs of a plausible and another place in which the former scores higher (Mann and Whitney's statistic); ties
    /// count half. NaN where one kind is absent.</summary>
    internal static double Of(IReadOnlyCollection<double> plausible, IReadOnlyCollection<double> others)
    {
        var sorted = others.Order().ToArray();
        double wins = 0;
        foreach (var score in plausible) wins += (Below(sorted, score, orEqual: false) + Below(sorted, score, orEqual: true)) / 2.0;
        return wins / ((double)plausible.Count * others.Count);
    }

    private static int Below(double[] sorted, double value, bool orEqual)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (sorted[middle] < value || (orEqual && sorted[middle] == value)) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
