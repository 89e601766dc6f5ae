using FreeMask.Imaging;

namespace FreeMask.Vision.Evaluation;

/// <summary>How well a scoring model's prediction agrees with a sample's own label map; the figure that the selection ranks.</summary>
internal static class SampleScore
{
    /// <summary>
    /// Mean IoU over the object classes that the label map holds; pixels labeled 255 are ignored, whatever the prediction says there.
    /// Background is left out: it is large and always there, so it would only compress the scores.
    /// </summary>
    /// <param name="labels">The sample's label map.</param>
    /// <param name="prediction">The scoring model's class indices, of the same size.</param>
    /// <returns>0 to 1; 0 where the label map holds no object.</returns>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static double Compute(LabelMap labels, LabelMap prediction)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(prediction);
        LabelMaps.RequireSameSize(labels, prediction);
        Span<int> hit = stackalloc int[256], labeled = stackalloc int[256], predicted = stackalloc int[256];
        hit.Clear();
        labeled.Clear();
        predicted.Clear();
        for (var i = 0; i < labels.Labels.Length; i++)
        {
            var (label, guess) = (labels.Labels[i], prediction.Labels[i]);
            if (label == LabelMap.Ignore) continue;
            labeled[label]++;
            predicted[guess]++;
            if (label == guess) hit[label]++;
        }

        double sum = 0;
        var classes = 0;
        for (var c = 1; c < LabelMap.Ignore; c++)
        {
            if (labeled[c] == 0) continue;
            sum += (double)hit[c] / (labeled[c] + predicted[c] - hit[c]);
            classes++;
        }

        return classes == 0 ? 0 : sum / classes;
    }
}
