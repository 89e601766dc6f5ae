using FreeMask.Imaging;

namespace FreeMask.Vision.Evaluation;

/// <summary>
/// How a scoring model's prediction agrees with a sample's own label map, seen from several sides. All are in 0..1, higher is better;
/// pixels labeled 255 are ignored, whatever the prediction says there. A scoring model that takes a cat for a dog says little about the
/// outline of the label: the measures without classes find faults of the label, those with classes also the confusions of the model.
/// </summary>
/// <param name="IoU">Mean IoU over the object classes of the label map (<see cref="SampleScore"/>), the score of the paper.</param>
/// <param name="Mask">IoU of all objects together against all that the scoring model takes for an object.</param>
/// <param name="WorstObject">
/// The lowest IoU of an object of the label map without regard to classes. A pixel that only the scoring model takes for an object
/// counts against the object nearest to it.
/// </param>
/// <param name="Class">Of the pixels that both take for an object, the fraction in which the classes are equal; 0 where there are
/// none.</param>
/// <param name="Boundary">Boundary IoU (<see cref="BoundaryScores"/>) of all objects together.</param>
internal readonly record struct SampleAgreement(double IoU, double Mask, double WorstObject, double Class, double Boundary)
{
    /// <summary><see cref="Mask"/> times <see cref="Class"/>.</summary>
    public double MaskAndClass => Mask * Class;

    /// <summary>Compares.</summary>
    /// <param name="labels">The sample's label map.</param>
    /// <param name="instances">Its instances: 0 background, 255 undecided, the number of an object elsewhere.</param>
    /// <param name="prediction">The scoring model's class indices, of the same size.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static SampleAgreement Compute(LabelMap labels, LabelMap instances, LabelMap prediction)
    {
        var iou = SampleScore.Compute(labels, prediction);
        LabelMaps.RequireSameSize(labels, instances);
        var owners = NearestObject(instances);
        Span<int> hit = stackalloc int[256], labeled = stackalloc int[256], extra = stackalloc int[256];
        hit.Clear();
        labeled.Clear();
        extra.Clear();
        int both = 0, either = 0, sameClass = 0;
        for (var i = 0; i < labels.Labels.Length; i++)
        {
            var (label, guess, instance) = (labels.Labels[i], prediction.Labels[i], instances.Labels[i]);
            if (label == LabelMap.Ignore) continue;
            var (isObject, isGuessed) = (label != LabelMap.Background, guess != LabelMap.Background);
            if (isObject || isGuessed) either++;
            if (isObject && isGuessed) both++;
            if (isObject && label == guess) sameClass++;
            if (isObject && instance is not (0 or LabelMap.Ignore))
            {
                labeled[instance]++;
                if (isGuessed) hit[instance]++;
            }
            else if (!isObject && isGuessed) extra[owners[i]]++;
        }

        var worst = double.PositiveInfinity;
        for (var n = 1; n < LabelMap.Ignore; n++)
            if (labeled[n] > 0) worst = Math.Min(worst, (double)hit[n] / (labeled[n] + extra[n]));
        return new SampleAgreement(
            iou,
            either == 0 ? 0 : (double)both / either,
            double.IsFinite(worst) ? worst : 0,
            both == 0 ? 0 : (double)sameClass / both,
            Outline(labels, prediction)
        );
    }

    private static double Outline(LabelMap labels, LabelMap prediction)
    {
        var counts = BoundaryScores.Iou(AsObject(labels), AsObject(prediction), 2)[1];
        return counts.Union == 0 ? 0 : counts.Iou;
    }

    private static LabelMap AsObject(LabelMap map) =>
        new(map.Width, map.Height, Array.ConvertAll(map.Labels, l => l is LabelMap.Background or LabelMap.Ignore ? l : (byte)1));

    /// <summary>The number of the nearest object of each pixel, along the four neighbors; 0 where there is no object at all.</summary>
    private static byte[] NearestObject(LabelMap instances)
    {
        var (width, height) = (instances.Width, instances.Height);
        var owners = new byte[instances.Labels.Length];
        var queue = new Queue<int>();
        for (var i = 0; i < owners.Length; i++)
        {
            if (instances.Labels[i] is 0 or LabelMap.Ignore) continue;
            owners[i] = instances.Labels[i];
            queue.Enqueue(i);
        }

        while (queue.TryDequeue(out var i))
        {
            var (x, y) = (i % width, i / width);
            if (x > 0) Visit(i - 1, owners[i]);
            if (x < width - 1) Visit(i + 1, owners[i]);
            if (y > 0) Visit(i - width, owners[i]);
            if (y < height - 1) Visit(i + width, owners[i]);
        }

        return owners;

        void Visit(int i, byte owner)
        {
            if (owners[i] != 0) return;
            owners[i] = owner;
            queue.Enqueue(i);
        }
    }
}
