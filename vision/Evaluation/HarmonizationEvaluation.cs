using FreeMask.Imaging;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Vision.Evaluation;

/// <summary>A mean over pairs with its 95 % bootstrap interval.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Interval">The interval.</param>
internal readonly record struct MeasuredMean(double Mean, ConfidenceInterval Interval);

/// <summary>How near one method comes to the true images of a group of pairs.</summary>
/// <param name="Group">The kind of pairs; null for all.</param>
/// <param name="Method">The method's name.</param>
/// <param name="Pairs">Number of pairs.</param>
/// <param name="Mse">Mean squared error over the whole image, levels of 0..255.</param>
/// <param name="Psnr">In dB; that of an image without error counts as <see cref="HarmonizationEvaluation.MostPsnr"/>.</param>
/// <param name="ForegroundMse">Mean squared error over the object.</param>
/// <param name="Ssim">Structural similarity, at most 1.</param>
/// <param name="Worse">The share of pairs whose squared error is larger than the composite's.</param>
internal sealed record HarmonizationResult(
    string? Group,
    string Method,
    int Pairs,
    MeasuredMean Mse,
    MeasuredMean Psnr,
    MeasuredMean ForegroundMse,
    MeasuredMean Ssim,
    double Worse
);

/// <summary>
/// Compares ways to harmonize on pairs of a composite and its truth (the measures of iHarmony4, <see cref="HarmonizationMetrics"/>).
/// </summary>
internal static class HarmonizationEvaluation
{
    /// <summary>The method that leaves the composite as it is.</summary>
    internal const string Composite = "composite";

    /// <summary>Moves the object's mean to that of all other pixels.</summary>
    internal const string MeanShift = "mean-shift";

    /// <summary>Moves the object's mean 30 % of that way.</summary>
    internal const string PartialShift = "mean-shift-30";

    /// <summary>Gives the object mean and deviation of all other pixels.</summary>
    internal const string Reinhard = "reinhard";

    /// <summary>The gated transfer that runs use unless a model is named.</summary>
    internal const string Rule = "rule";

    /// <summary>Gives the object the mean and deviation that it has in the true image: the ceiling of methods that choose these six
    /// numbers.</summary>
    internal const string Oracle = "oracle";

    /// <summary>A trained or public model.</summary>
    internal const string Model = "model";

    /// <summary>The largest ratio that is counted, in dB; an image without error has no finite one.</summary>
    internal const double MostPsnr = 99;

    /// <summary>Measures every method.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="model">The learned model; null for none.</param>
    /// <param name="seed">Names the draws of the intervals.</param>
    /// <param name="stop">Stops between two batches.</param>
    internal static IReadOnlyList<HarmonizationResult> Run(
        IEnumerable<HarmonizationPair> pairs,
        HarmonizerModel? model,
        ulong seed,
        CancellationToken stop = default
    )
    {
        const int Batch = 16;
        var scores = new List<(string Group, string Method, Score Score)>();
        foreach (var batch in pairs.Chunk(Batch))
        {
            stop.ThrowIfCancellationRequested();
            var learned = model?.Harmonize([.. batch.Select(pair => new HarmonizerTask(pair.Composite, pair.Mask, null))], 1, stop);
            var measured = new List<(string, string, Score)>[batch.Length];
            Parallel.For(0, batch.Length, i => measured[i] = [.. Scores(batch[i], learned?[i].Image)]);
            foreach (var own in measured) scores.AddRange(own);
        }

        var groups = scores.Select(score => score.Group).Distinct().ToList();
        var results = new List<HarmonizationResult>();
        if (groups.Count != 1) results.AddRange(Summaries(null, scores, seed));
        foreach (var group in groups) results.AddRange(Summaries(group, [.. scores.Where(score => score.Group == group)], seed));
        return results;
    }

    private static IEnumerable<(string Group, string Method, Score Score)> Scores(HarmonizationPair pair, RgbImage? learned)
    {
        var composite = Score.Of(pair.Composite, pair, null);
        yield return (pair.Group, Composite, composite);
        foreach (var (name, image) in Baselines(pair)) yield return (pair.Group, name, Score.Of(image, pair, composite.Mse));
        if (learned is not null) yield return (pair.Group, Model, Score.Of(learned, pair, composite.Mse));
    }

    private static IEnumerable<HarmonizationResult> Summaries(
        string? group,
        List<(string Group, string Method, Score Score)> scores,
        ulong seed
    ) =>
        scores
            .GroupBy(score => score.Method)
            .Select(method =>
            {
                var own = method.Select(entry => entry.Score).ToList();
                MeasuredMean Mean(Func<Score, double> of)
                {
                    double[] values = [.. own.Select(of)];
                    return new(values.Average(), Bootstrap.Mean(values, seed));
                }

                return new HarmonizationResult(
                    group,
                    method.Key,
                    own.Count,
                    Mean(score => score.Mse),
                    Mean(score => score.Psnr),
                    Mean(score => score.ForegroundMse),
                    Mean(score => score.Ssim),
                    own.Average(score => score.IsWorse ? 1 : 0)
                );
            });

    private static IEnumerable<(string Name, RgbImage Image)> Baselines(HarmonizationPair pair)
    {
        var lab = LabColor.FromRgb(pair.Composite);
        var mask = pair.Mask.Labels;
        var inside = LabStatistics.Of(lab, i => mask[i] > 127);
        var around = LabStatistics.Of(lab, i => mask[i] <= 127);
        var truth = LabStatistics.Of(LabColor.FromRgb(pair.Truth), i => mask[i] > 127);
        yield return (MeanShift, Painted(LabTransfer.Shift(inside, around, 1)));
        yield return (PartialShift, Painted(LabTransfer.Shift(inside, around, 0.3)));
        yield return (Reinhard, Painted(LabTransfer.Full(inside, around)));
        yield return (Rule, Harmonizer.Harmonize(pair.Composite, pair.Mask).Image);
        yield return (Oracle, Painted(LabTransfer.Full(inside, truth)));

        RgbImage Painted(LabTransfer transfer)
        {
            var image = pair.Composite.Clone();
            transfer.Paint(image, lab, i => mask[i] > 127 ? 1 : 0);
            return image;
        }
    }

    private sealed record Score(double Mse, double Psnr, double ForegroundMse, double Ssim, bool IsWorse)
    {
        internal static Score Of(RgbImage image, HarmonizationPair pair, double? before)
        {
            var metrics = HarmonizationMetrics.Compare(image, pair.Truth, pair.Mask);
            return new(
                metrics.Mse,
                Math.Min(MostPsnr, metrics.Psnr),
                metrics.ForegroundMse,
                ImageSimilarity.Ssim(image, pair.Truth),
                metrics.Mse > before
            );
        }
    }
}
