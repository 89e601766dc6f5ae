using FreeMask.Imaging;

namespace FreeMask.Vision.Affinity;

/// <summary>The labels that confident scores give: what an affinity head learns from.</summary>
/// <param name="Labels">The class where <paramref name="Low"/> has one, 0 where <paramref name="High"/> is background, 255
/// elsewhere.</param>
/// <param name="Low">Labels against a strong background (low alpha): few objects, sure ones.</param>
/// <param name="High">Labels against a weak background (high alpha): little background, surely none else.</param>
internal sealed record ConfidenceLabels(LabelMap Labels, LabelMap Low, LabelMap High);

/// <summary>Label maps from one score map a class, each in 0..1 (jiwoon-ahn/psa). Labels are 0 for background, then positions among the
/// classes given, from 1.</summary>
internal static class ClassScores
{
    /// <summary>The background's score: (1 - largest class score)^alpha.</summary>
    /// <param name="classes">One map a class, of one size.</param>
    /// <param name="alpha">Larger means less background: 4 and 32 for labels to learn from, 16 for the walk.</param>
    public static FloatMap Background(IReadOnlyList<FloatMap> classes, double alpha)
    {
        RequireOneSize(classes);
        var result = new FloatMap(classes[0].Width, classes[0].Height);
        for (var i = 0; i < result.Values.Length; i++)
        {
            var largest = classes[0].Values[i];
            for (var c = 1; c < classes.Count; c++) largest = Math.Max(largest, classes[c].Values[i]);
            result.Values[i] = (float)Math.Pow(Math.Max(0, 1 - largest), alpha);
        }

        return result;
    }

    /// <summary>The channel with the largest score at each pixel; of equal ones the first.</summary>
    /// <param name="channels">Background first, then one map a class; of one size, at most 255.</param>
    public static LabelMap ArgMax(IReadOnlyList<FloatMap> channels)
    {
        RequireOneSize(channels);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channels.Count, LabelMap.Ignore);
        var result = new LabelMap(channels[0].Width, channels[0].Height);
        for (var i = 0; i < result.Labels.Length; i++)
            for (var c = 1; c < channels.Count; c++)
                if (channels[c].Values[i] > channels[result.Labels[i]].Values[i]) result.Labels[i] = (byte)c;
        return result;
    }

    /// <summary>The labels of which two background scores leave no doubt.</summary>
    /// <param name="classes">One map a class.</param>
    /// <param name="lowAlpha">Makes the strong background; 4 in PSA.</param>
    /// <param name="highAlpha">Makes the weak one; 32 in PSA.</param>
    public static ConfidenceLabels Confident(IReadOnlyList<FloatMap> classes, double lowAlpha, double highAlpha)
    {
        var (low, high) = (ArgMax([Background(classes, lowAlpha), .. classes]), ArgMax([Background(classes, highAlpha), .. classes]));
        var labels = new LabelMap(low.Width, low.Height);
        for (var i = 0; i < labels.Labels.Length; i++)
            labels.Labels[i] =
                high.Labels[i] == LabelMap.Background ? LabelMap.Background
                : low.Labels[i] > 0 ? low.Labels[i]
                : LabelMap.Ignore;
        return new ConfidenceLabels(labels, low, high);
    }

    private static void RequireOneSize(IReadOnlyList<FloatMap> maps)
    {
        ArgumentNullException.ThrowIfNull(maps);
        ArgumentOutOfRangeException.ThrowIfZero(maps.Count);
        if (maps.Any(m => (m.Width, m.Height) != (maps[0].Width, maps[0].Height)))
            throw new ArgumentException("The maps are not of one size.", nameof(maps));
    }
}
