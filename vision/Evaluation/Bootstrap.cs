using FreeMask.Randomness;

namespace FreeMask.Vision.Evaluation;

/// <summary>An interval that holds a measure with the stated confidence.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
internal readonly record struct ConfidenceInterval(double Low, double High);

/// <summary>
/// Percentile bootstrap over images (Efron, 1979): a data set drawn again from itself, with replacement, tells how far a measure would move
/// with other images. Measures that are no means of images, such as mean IoU, are computed anew on each drawn set.
/// </summary>
internal static class Bootstrap
{
    private const double Confidence = 0.95;

    /// <summary>The 95 % interval of the mean of one number an image.</summary>
    /// <param name="values">One number an image, at least one.</param>
    /// <param name="seed">Names the draws.</param>
    /// <param name="draws">How many sets are drawn.</param>
    public static ConfidenceInterval Mean(IReadOnlyList<double> values, ulong seed, int draws = 1000) =>
        Interval(values.Count, seed, draws, drawn => drawn.Average(i => values[i]));

    /// <summary>The 95 % interval of the mean IoU of one confusion matrix an image.</summary>
    /// <param name="images">One matrix an image, at least one.</param>
    /// <param name="seed">Names the draws.</param>
    /// <param name="draws">How many sets are drawn.</param>
    /// <param name="measure">Another measure of the sum of the matrices; null for the mean IoU over all classes.</param>
    public static ConfidenceInterval MeanIou(
        IReadOnlyList<ConfusionMatrix> images,
        ulong seed,
        int draws = 1000,
        Func<ConfusionMatrix, double>? measure = null
    )
    {
        measure ??= AllClasses;
        return Interval(images.Count, seed, draws, drawn => measure(Sum(images, drawn)));
    }

    /// <summary>The 95 % interval of the difference of two mean IoUs on the same images, second minus first, drawn in pairs.</summary>
    /// <param name="first">One matrix an image.</param>
    /// <param name="second">The same images in the same order.</param>
    /// <param name="seed">Names the draws.</param>
    /// <param name="draws">How many sets are drawn.</param>
    /// <param name="measure">Another measure of the sum of the matrices; null for the mean IoU over all classes.</param>
    /// <exception cref="ArgumentException">The numbers of images differ.</exception>
    public static ConfidenceInterval Difference(
        IReadOnlyList<ConfusionMatrix> first,
        IReadOnlyList<ConfusionMatrix> second,
        ulong seed,
        int draws = 1000,
        Func<ConfusionMatrix, double>? measure = null
    )
    {
        measure ??= AllClasses;
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Count != second.Count)
            throw new ArgumentException($"{first.Count} images cannot be paired with {second.Count}.", nameof(second));
        return Interval(first.Count, seed, draws, drawn => measure(Sum(second, drawn)) - measure(Sum(first, drawn)));
    }

    /// <summary>The 95 % interval of a measure that is computed anew on each drawn set.</summary>
    /// <param name="count">How many images there are, at least one.</param>
    /// <param name="seed">Names the draws.</param>
    /// <param name="draws">How many sets are drawn.</param>
    /// <param name="measure">The measure of the images with these indices.</param>
    public static ConfidenceInterval Interval(int count, ulong seed, int draws, Func<int[], double> measure)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(draws);
        var values = new double[draws];
        for (var i = 0; i < draws; i++)
        {
            var random = new CounterRandom(seed, i, 0, "bootstrap");
            var drawn = new int[count];
            for (var k = 0; k < count; k++) drawn[k] = random.NextInt(count);
            values[i] = measure(drawn);
        }

        return Interval(values);
    }

    /// <summary>The 95 % interval of a measure from its values on drawn sets; values that are NaN are left out.</summary>
    public static ConfidenceInterval Interval(IReadOnlyList<double> drawn)
    {
        double[] values = [.. drawn.Where(v => !double.IsNaN(v)).Order()];
        return values.Length == 0
            ? new(double.NaN, double.NaN)
            : new(Quantile(values, (1 - Confidence) / 2), Quantile(values, (1 + Confidence) / 2));
    }

    private static double AllClasses(ConfusionMatrix counts) => counts.Scores().MeanIou;

    private static double Quantile(double[] sorted, double share)
    {
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        return below + 1 < sorted.Length ? sorted[below] + ((at - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }

    private static ConfusionMatrix Sum(IReadOnlyList<ConfusionMatrix> images, int[] drawn)
    {
        var sum = new ConfusionMatrix(images[0].Classes);
        foreach (var i in drawn) sum.Add(images[i]);
        return sum;
    }
}
