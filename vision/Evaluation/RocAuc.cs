namespace FreeMask.Vision.Evaluation;

/// <summary>The area under the ROC curve: how well a score tells two kinds apart.</summary>
internal static class RocAuc
{
    /// <summary>The share of pairs of a positive and a negative in which the former scores higher (Mann and Whitney's statistic); ties
    /// count half. NaN where one kind is absent.</summary>
    internal static double Of(IReadOnlyCollection<double> positives, IReadOnlyCollection<double> negatives)
    {
        var sorted = negatives.Order().ToArray();
        double wins = 0;
        foreach (var score in positives)
            wins += (CountBelow(sorted, score, orEqual: false) + CountBelow(sorted, score, orEqual: true)) / 2.0;
        return wins / ((double)positives.Count * negatives.Count);
    }

    private static int CountBelow(double[] sorted, double value, bool orEqual)
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
