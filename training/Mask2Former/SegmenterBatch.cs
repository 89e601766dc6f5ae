using FreeMask.Vision.Imaging;
using FreeMask.Vision.Randomness;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// Makes the batches of a training: which samples a step sees, and how each is flipped, scaled, shifted and recoloured.
/// All of it depends on (seed, step) alone.
/// </summary>
internal sealed class SegmenterBatch(SegmenterTrainingRequest request, IReadOnlyList<SegmentationSample> samples)
{
    private const double LargestScale = 1.35, LargestColor = 0.2;

    // What lies outside of the picture: grey, as Mask2Former pads.
    private const float Padding = 128;

    private long _epoch = -1;
    private int[] _order = [];

    /// <summary>The normalised pictures [b, 3, size, size] and their label maps.</summary>
    internal (float[] Pixels, LabelMap[] Labels) Make(int step)
    {
        var area = request.Size * request.Size;
        var pixels = new float[request.BatchSize * 3 * area];
        var labels = new LabelMap[request.BatchSize];
        for (var i = 0; i < labels.Length; i++)
        {
            var position = ((long)step * request.BatchSize) + i;
            labels[i] = new LabelMap(request.Size, request.Size);
            Render(Pick(position), position, pixels.AsSpan(i * 3 * area, 3 * area), labels[i]);
        }

        return (pixels, labels);
    }

    private SegmentationSample Pick(long position)
    {
        var epoch = position / samples.Count;
        if (epoch != _epoch)
        {
            _epoch = epoch;
            _order = [.. Enumerable.Range(0, samples.Count)];
            new CounterRandom(request.Seed, epoch, 0, "segmenter-order").Shuffle(_order.AsSpan());
        }

        return samples[_order[position % samples.Count]];
    }

    private void Render(SegmentationSample sample, long position, Span<float> pixels, LabelMap labels)
    {
        var (image, size) = (sample.Image, request.Size);
        var random = new CounterRandom(request.Seed, position, 0, "segmenter-augment");
        var flip = request.Augment && random.NextUInt32() % 2 == 1;
        var scale = request.Augment ? Math.Pow(LargestScale, random.NextDouble(-1, 1)) : 1;
        double width = image.Width / scale, height = image.Height / scale;
        var left = request.Augment ? random.NextDouble() * (image.Width - width) : 0;
        var top = request.Augment ? random.NextDouble() * (image.Height - height) : 0;
        var color = request.Augment ? Recolor(random) : [1, 1, 1, 0];
        for (var y = 0; y < size; y++)
        {
            var v = top + ((y + 0.5) * height / size);
            for (var x = 0; x < size; x++)
            {
                var u = left + ((flip ? size - x - 0.5 : x + 0.5) * width / size);
                var (column, row) = ((int)Math.Floor(u), (int)Math.Floor(v));
                var inside = column >= 0 && row >= 0 && column < image.Width && row < image.Height;
                labels[x, y] = inside ? sample.Labels[column, row] : LabelMap.Ignore;
                for (var channel = 0; channel < 3; channel++)
                {
                    var value = inside ? Math.Clamp((Bilinear(image, u - 0.5, v - 0.5, channel) * color[channel]) + color[3], 0, 255) : Padding;
                    pixels[(((channel * size) + y) * size) + x] = ImageNormalization.ImageNet.Apply(value, channel);
                }
            }
        }
    }

    /// <summary>A gain for each channel (contrast times a cast) and an offset.</summary>
    private static float[] Recolor(CounterRandom random)
    {
        var contrast = 1 + random.NextDouble(-LargestColor, LargestColor);
        var brightness = 128 * random.NextDouble(-LargestColor, LargestColor);
        var gains = Enumerable.Range(0, 3).Select(_ => (float)(contrast * (1 + (random.NextDouble(-LargestColor, LargestColor) / 2)))).ToArray();
        return [.. gains, (float)(brightness + (128 * (1 - contrast)))];
    }

    private static float Bilinear(RgbImage image, double u, double v, int channel)
    {
        var x = (float)Math.Clamp(u, 0, image.Width - 1);
        var y = (float)Math.Clamp(v, 0, image.Height - 1);
        var (x0, y0) = ((int)x, (int)y);
        var (x1, y1) = (Math.Min(x0 + 1, image.Width - 1), Math.Min(y0 + 1, image.Height - 1));
        var pixels = image.Pixels;
        float At(int column, int row) => pixels[(3 * ((row * image.Width) + column)) + channel];
        var upper = At(x0, y0) + ((x - x0) * (At(x1, y0) - At(x0, y0)));
        var lower = At(x0, y1) + ((x - x0) * (At(x1, y1) - At(x0, y1)));
        return upper + ((y - y0) * (lower - upper));
    }
}
