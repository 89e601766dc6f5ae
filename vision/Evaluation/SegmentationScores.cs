namespace FreeMask.Vision.Evaluation;

/// <summary>
/// Measures of semantic segmentation. A class's IoU is NaN only where it is in neither map (union 0); a class that is only predicted has
/// IoU 0 and counts (mmseg's convention). Means leave NaN out.
/// </summary>
internal sealed record SegmentationScores
{
    /// <summary>Intersection over union by class index.</summary>
    public required IReadOnlyList<double> Iou { get; init; }

    /// <summary>Recall by class: share of the true pixels that were found.</summary>
    public required IReadOnlyList<double> Accuracy { get; init; }

    /// <summary>Precision by class: share of the predicted pixels that are right.</summary>
    public required IReadOnlyList<double> Precision { get; init; }

    /// <summary>Dice coefficient (F1) by class.</summary>
    public required IReadOnlyList<double> Dice { get; init; }

    /// <summary>Mean IoU over the classes that occur in truth or prediction.</summary>
    public required double MeanIou { get; init; }

    /// <summary>Mean IoU over the classes that occur in the truth (detectron2's convention).</summary>
    public required double MeanIouOverTruth { get; init; }

    /// <summary>Share of all pixels that are right.</summary>
    public required double PixelAccuracy { get; init; }

    /// <summary>Mean of <see cref="Accuracy"/>.</summary>
    public required double MeanAccuracy { get; init; }

    /// <summary>IoU weighted by how many pixels a class has.</summary>
    public required double FrequencyWeightedIou { get; init; }

    /// <summary>Classes with an IoU.</summary>
    public required int ValidClasses { get; init; }

    /// <summary>Pixels counted.</summary>
    public required long ValidPixels { get; init; }

    internal static SegmentationScores From(ConfusionMatrix matrix)
    {
        var n = matrix.Classes;
        double[] iou = new double[n], accuracy = new double[n], precision = new double[n], dice = new double[n];
        long total = 0, right = 0;
        for (var c = 0; c < n; c++)
        {
            total += matrix.TruthCount(c);
            right += matrix[c, c];
        }

        var weighted = total == 0 ? double.NaN : 0;
        for (var c = 0; c < n; c++)
        {
            double hit = matrix[c, c], actual = matrix.TruthCount(c), predicted = matrix.PredictionCount(c);
            (iou[c], accuracy[c]) = (hit / (actual + predicted - hit), hit / actual);
            (precision[c], dice[c]) = (hit / predicted, 2 * hit / (actual + predicted));
            if (actual > 0) weighted += actual / total * iou[c];
        }

        return new SegmentationScores
        {
            Iou = iou,
            Accuracy = accuracy,
            Precision = precision,
            Dice = dice,
            MeanIou = Mean(iou),
            MeanIouOverTruth = Mean(iou.Where((_, c) => matrix.TruthCount(c) > 0)),
            PixelAccuracy = (double)right / total,
            MeanAccuracy = Mean(accuracy),
            FrequencyWeightedIou = weighted,
            ValidClasses = iou.Count(v => !double.IsNaN(v)),
            ValidPixels = total,
        };
    }

    /// <summary>The mean of the values that are numbers; NaN where there is none.</summary>
    internal static double Mean(IEnumerable<double> values) => values.Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Average();
}
