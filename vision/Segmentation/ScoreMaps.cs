using FreeMask.Imaging;

namespace FreeMask.Vision.Segmentation;

/// <summary>Turns class scores into labels.</summary>
internal static class ScoreMaps
{
    /// <summary>Resizes scores [classes, height, width] bilinearly (half-pixel centers, no antialiasing) and takes the best class of each
    /// pixel.</summary>
    internal static Segmentation Decide(
        ReadOnlySpan<float> scores, int classes, int width, int height, int outputWidth, int outputHeight, SegmenterOutput kind)
    {
        var labels = new LabelMap(outputWidth, outputHeight);
        var confidence = new FloatMap(outputWidth, outputHeight);
        var columns = Taps(width, outputWidth);
        var rows = Taps(height, outputHeight);
        var values = new float[classes];
        var area = width * height;
        for (var y = 0; y < outputHeight; y++)
        {
            var (top, bottom, down) = rows[y];
            for (var x = 0; x < outputWidth; x++)
            {
                var (left, right, along) = columns[x];
                for (var c = 0; c < classes; c++)
                {
                    var map = scores.Slice(c * area, area);
                    var upper = Mix(map[(top * width) + left], map[(top * width) + right], along);
                    values[c] = Mix(upper, Mix(map[(bottom * width) + left], map[(bottom * width) + right], along), down);
                }

                var best = 0;
                for (var c = 1; c < classes; c++)
                    if (values[c] > values[best]) best = c;
                labels[x, y] = (byte)best;
                confidence[x, y] = kind == SegmenterOutput.Scores ? Math.Clamp(values[best], 0, 1) : Probability(values, values[best]);
            }
        }

        return new Segmentation(labels, confidence);
    }

    // Exact where both are equal and where the weight is 0, so that an image of the model's own size keeps its scores bit by bit.
    private static float Mix(float a, float b, float weight) => a + (weight * (b - a));

    private static float Probability(ReadOnlySpan<float> logits, float best)
    {
        var sum = 0f;
        foreach (var logit in logits) sum += MathF.Exp(logit - best);
        return 1 / sum;
    }

    private static (int Low, int High, float Weight)[] Taps(int size, int outputSize)
    {
        var taps = new (int, int, float)[outputSize];
        for (var i = 0; i < outputSize; i++)
        {
            var place = Math.Max(0, ((i + 0.5) * size / outputSize) - 0.5);
            var low = Math.Min((int)place, size - 1);
            taps[i] = (low, Math.Min(low + 1, size - 1), (float)(place - low));
        }

        return taps;
    }
}
