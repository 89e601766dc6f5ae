namespace FreeMask.GrainInterfaces;

/// <summary>What the thresholds of a round say of its samples.</summary>
public static class SelectionThresholds
{
    /// <summary>The lowest score that is kept of the samples of a class with a number of objects; null before selection.</summary>
    public static double? CutOf(this IEnumerable<SelectionThreshold> thresholds, string name, int objects) =>
        thresholds.FirstOrDefault(threshold => threshold.Kept > 0 && threshold.IsFor(name, objects))?.Score;

    /// <summary>The lowest score that is kept of each class, whatever the number of objects.</summary>
    public static Dictionary<string, double> LowestByClass(this IEnumerable<SelectionThreshold> thresholds) =>
        thresholds
            .Where(threshold => threshold.Kept > 0)
            .GroupBy(threshold => threshold.Class, StringComparer.Ordinal)
            .ToDictionary(ofClass => ofClass.Key, ofClass => ofClass.Min(threshold => threshold.Score), StringComparer.Ordinal);
}
