using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Vision.Evaluation;

/// <summary>Whether matching sharpness brings pasted objects nearer to the truth. Ratios are medians of the object's sharpness by that of
/// its surroundings (<see cref="Sharpness"/>).</summary>
/// <param name="Pairs">Number of pairs that could be compared.</param>
/// <param name="TrueRatio">In the true images.</param>
/// <param name="CompositeRatio">Where the object is sharper than the image.</param>
/// <param name="MatchedRatio">After matching.</param>
/// <param name="CompositeMse">Mean squared error of the composites, levels of 0..255.</param>
/// <param name="MatchedMse">The same after matching.</param>
/// <param name="Worse">The share of pairs whose error grew.</param>
/// <param name="TouchedTruth">The share of true images whose object would be blurred: nothing is wrong with them.</param>
internal sealed record SharpnessResult(
    int Pairs,
    double TrueRatio,
    double CompositeRatio,
    double MatchedRatio,
    MeasuredMean CompositeMse,
    MeasuredMean MatchedMse,
    double Worse,
    double TouchedTruth
);

/// <summary>
/// Measures <see cref="Sharpness.Match"/>. The true image is a real one made smaller and resized back, which is
/// blurred all over; in the composite the object keeps the sharpness of the original, as objects do that are pasted into a softer image.
/// </summary>
internal static class SharpnessEvaluation
{
    private const int Side = HarmonizationPairs.Side;

    // A blur of about this deviation makes objects 1.5 times as sharp as the rest, as those of composed samples are.
    private const double Softening = 1.35;

    /// <summary>Measures on the largest object of each image, up to a number of images.</summary>
    internal static SharpnessResult? Run(ObjectImages images, int count, ulong seed, CancellationToken stop = default)
    {
        const int Batch = 16;
        var pairs = new List<Pair>();
        foreach (var batch in Enumerable.Range(0, images.Count).Chunk(Batch))
        {
            stop.ThrowIfCancellationRequested();
            var measured = new Pair?[batch.Length];
            Parallel.For(0, batch.Length, i => measured[i] = Measure(images.Load(batch[i])));
            pairs.AddRange(measured.OfType<Pair>());
            if (pairs.Count >= count) break;
        }

        pairs = [.. pairs.Take(count)];
        if (pairs.Count == 0) return null;
        double[] before = [.. pairs.Select(pair => pair.Before)], after = [.. pairs.Select(pair => pair.After)];
        return new(
            pairs.Count,
            Median(pairs.Select(pair => pair.True)),
            Median(pairs.Select(pair => pair.Pasted)),
            Median(pairs.Select(pair => pair.Matched)),
            new(before.Average(), Bootstrap.Mean(before, seed)),
            new(after.Average(), Bootstrap.Mean(after, seed)),
            pairs.Average(pair => pair.After > pair.Before ? 1 : 0),
            pairs.Average(pair => pair.IsTouched ? 1 : 0)
        );
    }

    private static Pair? Measure(ObjectImage item)
    {
        if (item.Objects.Count == 0) return null;
        var sharp = Resampling.Resize(item.Image, Side, Side, ResamplingFilter.Antialias);
        var mask = Resampling.Resize(item.Objects[0], Side, Side);
        var inside = Array.ConvertAll(mask.Labels, l => (byte)(l != 0 ? 1 : 0));
        var around = Array.ConvertAll(inside, v => (byte)(1 - v));
        var share = new FloatMap(Side, Side, Array.ConvertAll(inside, v => (float)v));
        var small = (int)(Side / Softening);
        var reduced = Resampling.Resize(sharp, small, small, ResamplingFilter.Antialias);
        var truth = Resampling.Resize(reduced, Side, Side, ResamplingFilter.Bilinear);
        var composite = truth.Clone();
        for (var i = 0; i < inside.Length; i++)
            if (inside[i] != 0) sharp.Pixels.AsSpan(3 * i, 3).CopyTo(composite.Pixels.AsSpan(3 * i, 3));
        double Ratio(RgbImage image) => Sharpness.Of(image, inside) / Sharpness.Of(image, around);
        var result = composite.Clone();
        Sharpness.Match(result, share, around, 1);
        var (own, pasted, matched) = (Ratio(truth), Ratio(composite), Ratio(result));
        if (double.IsNaN(own + pasted + matched)) return null;
        return new(
            own,
            pasted,
            matched,
            ImageSimilarity.MeanSquaredError(composite, truth),
            ImageSimilarity.MeanSquaredError(result, truth),
            Sharpness.Match(truth.Clone(), share, around, 1) > 0
        );
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private sealed record Pair(double True, double Pasted, double Matched, double Before, double After, bool IsTouched);
}
