using FreeMask.Imaging;

namespace FreeMask.Vision.Evaluation;

/// <summary>An object of the truth.</summary>
/// <param name="Image">Its image.</param>
/// <param name="Category">Its class.</param>
/// <param name="Shape">Its mask or box.</param>
/// <param name="Area">Its area as the annotation states it: COCO sorts by it into small, medium and large.</param>
/// <param name="Crowd">Whether it stands for a group: detections in it are neither right nor wrong.</param>
internal sealed record InstanceTruth(long Image, int Category, InstanceShape Shape, double Area, bool Crowd = false);

/// <summary>A detected object.</summary>
/// <param name="Image">Its image.</param>
/// <param name="Category">Its class.</param>
/// <param name="Shape">Its mask or box, of the kind that the truth has.</param>
/// <param name="Score">How sure the detector is.</param>
internal sealed record InstanceDetection(long Image, int Category, InstanceShape Shape, double Score);

/// <summary>A mask or a box.</summary>
internal abstract record InstanceShape
{
    /// <summary>In pixels.</summary>
    public abstract double Area { get; }

    /// <summary>Overlap over union; over this shape's own area where the other is a crowd.</summary>
    internal abstract double Iou(InstanceShape other, bool crowd);

    /// <summary>A mask.</summary>
    public sealed record OfMask(RunLengthMask Mask) : InstanceShape
    {
        /// <inheritdoc/>
        public override double Area => Mask.Area;

        internal override double Iou(InstanceShape other, bool crowd) => Mask.Iou(((OfMask)other).Mask, crowd);
    }

    /// <summary>A box.</summary>
    public sealed record OfBox(BoundingBox Box) : InstanceShape
    {
        /// <inheritdoc/>
        public override double Area => Box.Width * Box.Height;

        internal override double Iou(InstanceShape other, bool crowd) => Box.Iou(((OfBox)other).Box, crowd);
    }
}

/// <summary>
/// COCO's twelve numbers for instances, each -1 where no object of the truth falls into its range; equal to <c>pycocotools.cocoeval</c>.
/// AP is the mean over IoU thresholds 0.50, 0.55 ... 0.95, classes and 101 recall levels; AR the mean of the largest recalls.
/// </summary>
/// <param name="Ap">Average precision.</param>
/// <param name="Ap50">At IoU 0.50.</param>
/// <param name="Ap75">At IoU 0.75.</param>
/// <param name="ApSmall">Of objects up to 32 x 32 pixels.</param>
/// <param name="ApMedium">Of objects up to 96 x 96 pixels.</param>
/// <param name="ApLarge">Of larger objects.</param>
/// <param name="Ar1">Average recall with one detection an image.</param>
/// <param name="Ar10">With ten.</param>
/// <param name="Ar100">With a hundred.</param>
/// <param name="ArSmall">Of objects up to 32 x 32 pixels.</param>
/// <param name="ArMedium">Of objects up to 96 x 96 pixels.</param>
/// <param name="ArLarge">Of larger objects.</param>
/// <param name="ApByCategory">Average precision of each class.</param>
internal sealed record InstanceScores(
    double Ap, double Ap50, double Ap75, double ApSmall, double ApMedium, double ApLarge,
    double Ar1, double Ar10, double Ar100, double ArSmall, double ArMedium, double ArLarge,
    IReadOnlyDictionary<int, double> ApByCategory)
{
    private const int MostDetections = 100;

    /// <summary>Measures detections.</summary>
    /// <param name="truth">All objects.</param>
    /// <param name="detections">All detections; of an image and class the 100 surest count.</param>
    public static InstanceScores Compute(IReadOnlyList<InstanceTruth> truth, IReadOnlyList<InstanceDetection> detections)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(detections);
        int[] categories = [.. truth.Select(t => t.Category).Concat(detections.Select(d => d.Category)).Distinct().Order()];
        var matched = categories.Select(c => InstanceMatching.Match(
            [.. truth.Where(t => t.Category == c)], [.. detections.Where(d => d.Category == c)], MostDetections)).ToArray();
        double Precision(InstanceAreas area, double? threshold = null) =>
            Mean(matched.SelectMany(m => m.Precisions(area, MostDetections, threshold)));
        double Recall(InstanceAreas area, int most) => Mean(matched.SelectMany(m => m.Recalls(area, most)));
        return new(
            Precision(InstanceAreas.All),
            Precision(InstanceAreas.All, 0.5),
            Precision(InstanceAreas.All, 0.75),
            Precision(InstanceAreas.Small),
            Precision(InstanceAreas.Medium),
            Precision(InstanceAreas.Large),
            Recall(InstanceAreas.All, 1),
            Recall(InstanceAreas.All, 10),
            Recall(InstanceAreas.All, MostDetections),
            Recall(InstanceAreas.Small, MostDetections),
            Recall(InstanceAreas.Medium, MostDetections),
            Recall(InstanceAreas.Large, MostDetections),
            categories.Zip(matched).ToDictionary(m => m.First, m => Mean(m.Second.Precisions(InstanceAreas.All, MostDetections)))
        );
    }

    private static double Mean(IEnumerable<double> values) => values.Where(v => v > -1).DefaultIfEmpty(-1).Average();
}
