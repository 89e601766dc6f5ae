using FreeMask.Imaging;
using FreeMask.Vision.Datasets;

namespace FreeMask.Vision.Evaluation;

/// <summary>A segmenter's predictions compared with the labels of a data set.</summary>
/// <param name="Images">One confusion matrix an image, in the order of the data set.</param>
/// <param name="Total">Their sum.</param>
/// <param name="Boundaries">Boundary IoU's counts by class; empty where they were not asked for.</param>
internal sealed record SegmenterEvaluation(
    IReadOnlyList<ConfusionMatrix> Images,
    ConfusionMatrix Total,
    IReadOnlyList<BoundaryCounts> Boundaries
)
{
    private const ulong IntervalSeed = 1;

    /// <summary>The 95 % bootstrap interval of the mean IoU over images.</summary>
    internal ConfidenceInterval Interval => Bootstrap.MeanIou(Images, IntervalSeed);

    /// <summary>The same of a protocol's mean IoU.</summary>
    /// <param name="protocol">What is counted.</param>
    /// <param name="draws">How many sets are drawn.</param>
    internal ConfidenceInterval IntervalOf(EvaluationProtocol protocol, int draws = 1000) =>
        Bootstrap.MeanIou(Images, IntervalSeed, draws, protocol.MeanIoU);

    /// <summary>Mean boundary IoU over the classes that occur in labels or predictions; NaN where none does.</summary>
    internal double MeanBoundaryIoU => Boundaries.Where(b => b.Union > 0).Select(b => b.Iou).DefaultIfEmpty(double.NaN).Average();

    /// <summary>The 95 % interval of how much better the mean IoU is than another evaluation's, on the same images.</summary>
    /// <param name="baseline">The other's matrices, one an image.</param>
    /// <param name="images">Its own.</param>
    /// <param name="protocol">What is counted; null for all classes.</param>
    internal static ConfidenceInterval Difference(
        IReadOnlyList<ConfusionMatrix> baseline,
        IReadOnlyList<ConfusionMatrix> images,
        EvaluationProtocol? protocol = null
    ) => Bootstrap.Difference(baseline, images, IntervalSeed, measure: protocol is null ? null : protocol.MeanIoU);

    /// <summary>Checks that the labels hold a class other than background.</summary>
    /// <param name="root">The data set, for the message.</param>
    /// <exception cref="FreeMaskException">They hold none, so nothing was measured.</exception>
    internal void RequireClasses(string root)
    {
        if (Enumerable.Range(1, Total.Classes - 1).All(c => Total.TruthCount(c) == 0)) throw LabeledDataset.NoClasses(root, Images.Count);
    }
}

/// <summary>Measures a segmenter on labeled images.</summary>
internal static class SegmenterEvaluator
{
    /// <summary>Segments every image and counts agreement.</summary>
    /// <param name="images">Images with labels, loaded one after another.</param>
    /// <param name="classes">Number of classes of the labels, with background.</param>
    /// <param name="segment">The segmenter: labels in the same classes, of the image's size.</param>
    /// <param name="boundaries">Whether boundary IoU is counted too.</param>
    /// <param name="progress">Takes the number of images done, after each.</param>
    /// <param name="stop">Stops between images.</param>
    internal static SegmenterEvaluation Evaluate(
        IEnumerable<LabeledImage> images,
        int classes,
        Func<RgbImage, LabelMap> segment,
        bool boundaries = false,
        Action<int>? progress = null,
        CancellationToken stop = default
    )
    {
        var total = new ConfusionMatrix(classes);
        var outlines = new BoundaryCounts[boundaries ? classes : 0];
        var each = new List<ConfusionMatrix>();
        foreach (var image in images)
        {
            stop.ThrowIfCancellationRequested();
            var prediction = segment(image.Image);
            var one = new ConfusionMatrix(classes);
            one.Add(image.Labels, prediction);
            each.Add(one);
            total.Add(one);
            if (boundaries)
            {
                var counts = BoundaryScores.Iou(image.Labels, prediction, classes);
                for (var c = 0; c < classes; c++)
                    outlines[c] = new(outlines[c].Intersection + counts[c].Intersection, outlines[c].Union + counts[c].Union);
            }

            progress?.Invoke(each.Count);
        }

        return new(each, total, outlines);
    }
}
