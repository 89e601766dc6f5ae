using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// Makes the batches of a training: which samples a step sees, and how each is flipped, scaled, shifted and recolored.
/// All of it depends on (seed, step) alone.
/// </summary>
internal sealed class SegmenterBatch(SegmenterTrainingRequest request, ISegmentationSamples samples)
{
    private const double LargestScale = 1.35, LargestColor = 0.2;

    // What lies outside of the image: grey, as Mask2Former pads.
    private const float Padding = 128;

    private static readonly (int Columns, int Rows)[] Grids = [(2, 1), (1, 2), (2, 2), (3, 3)];

    private long _epoch = -1;
    private int[] _order = [];

    /// <summary>The normalized images [b, 3, size, size] and their label maps.</summary>
    internal (float[] Pixels, LabelMap[] Labels) Make(int step)
    {
        var area = request.Size * request.Size;
        var pixels = new float[request.BatchSize * 3 * area];
        var labels = new LabelMap[request.BatchSize];
        for (var i = 0; i < labels.Length; i++)
        {
            var position = ((long)step * request.BatchSize) + i;
            labels[i] = new LabelMap(request.Size, request.Size);
            var target = pixels.AsSpan(i * 3 * area, 3 * area);
            if (request.Augmentation == SegmenterAugmentation.Reference) labels[i] = Crop(Pick(position), position, target);
            else Render(Restyle(Splice(Pick(position), position), position), position, target, labels[i]);
        }

        return (pixels, labels);
    }

    private LabeledImage Pick(long position)
    {
        var epoch = position / samples.Count;
        if (epoch != _epoch)
        {
            _epoch = epoch;
            _order = [.. Enumerable.Range(0, samples.Count)];
            new CounterRandom(request.Seed, epoch, 0, "segmenter-order").Shuffle(_order.AsSpan());
        }

        var sample = samples.Load(_order[position % samples.Count]);
        sample.Require(request.Labels.Count);
        return sample;
    }

    /// <summary>
    /// Half of the images of <see cref="SegmenterAugmentation.Splicing"/> are put together from several, each scaled to its cell (as
    /// DiffuMask: many small objects from images with one large one each).
    /// </summary>
    private LabeledImage Splice(LabeledImage sample, long position)
    {
        if (request.Augmentation != SegmenterAugmentation.Splicing) return sample;
        var random = new CounterRandom(request.Seed, position, 0, "segmenter-splice");
        if (random.NextUInt32() % 2 == 0) return sample;
        var (columns, rows) = Grids[random.NextInt(Grids.Length)];
        var (width, height) = (sample.Image.Width, sample.Image.Height);
        var (image, labels) = (new RgbImage(width, height), new LabelMap(width, height));
        for (var cell = 0; cell < columns * rows; cell++)
        {
            var part = cell == 0 ? sample : samples.Load(random.NextInt(samples.Count));
            part.Require(request.Labels.Count);
            var (left, right) = (cell % columns * width / columns, ((cell % columns) + 1) * width / columns);
            var (top, bottom) = (cell / columns * height / rows, ((cell / columns) + 1) * height / rows);
            var small = Resampling.Resize(part.Image, right - left, bottom - top, ResamplingFilter.Bilinear);
            var smallLabels = Resampling.Resize(part.Labels, right - left, bottom - top);
            for (var y = top; y < bottom; y++)
                for (var x = left; x < right; x++)
                {
                    small[x - left, y - top].CopyTo(image[x, y]);
                    labels[x, y] = smallLabels[x - left, y - top];
                }
        }

        return new LabeledImage(sample.Id, image, labels);
    }

    private LabeledImage Restyle(LabeledImage sample, long position) =>
        request.Augmentation == SegmenterAugmentation.Style
            ? sample with { Image = StyleAugmentation.Apply(sample, new CounterRandom(request.Seed, position, 0, "segmenter-style")) }
            : sample;

    private LabelMap Crop(LabeledImage sample, long position, Span<float> pixels)
    {
        var (image, labels) = ReferenceAugmentation.Apply(
            sample,
            request.Size,
            new CounterRandom(request.Seed, position, 0, "segmenter-crop")
        );
        var area = request.Size * request.Size;
        for (var channel = 0; channel < 3; channel++)
            for (var p = 0; p < area; p++) pixels[(channel * area) + p] = Normalize(image.Pixels[(3 * p) + channel], channel);
        return labels;
    }

    private void Render(LabeledImage sample, long position, Span<float> pixels, LabelMap labels)
    {
        var (image, size) = (sample.Image, request.Size);
        var random = new CounterRandom(request.Seed, position, 0, "segmenter-augment");
        var augment = request.Augmentation != SegmenterAugmentation.None;
        var flip = augment && random.NextUInt32() % 2 == 1;
        var scale = augment ? Math.Pow(LargestScale, random.NextDouble(-1, 1)) : 1;
        double width = image.Width / scale, height = image.Height / scale;
        var left = augment ? random.NextDouble() * (image.Width - width) : 0;
        var top = augment ? random.NextDouble() * (image.Height - height) : 0;
        float[] color = augment ? Recolor(random) : [1, 1, 1, 0];
        var source = image.Pixels;
        float[] offset = [Normalize(0, 0), Normalize(0, 1), Normalize(0, 2)];
        float[] gain = [Normalize(1, 0) - offset[0], Normalize(1, 1) - offset[1], Normalize(1, 2) - offset[2]];
        for (var y = 0; y < size; y++)
        {
            var v = top + ((y + 0.5) * height / size);
            var row = (int)Math.Floor(v);
            var (upper, lower, down) = Tap(v, image.Height);
            for (var x = 0; x < size; x++)
            {
                var u = left + ((flip ? size - x - 0.5 : x + 0.5) * width / size);
                var column = (int)Math.Floor(u);
                var target = (y * size) + x;
                if (column < 0 || row < 0 || column >= image.Width || row >= image.Height)
                {
                    labels.Labels[target] = LabelMap.Ignore;
                    for (var channel = 0; channel < 3; channel++)
                        pixels[(channel * size * size) + target] = Normalize(Padding, channel);
                    continue;
                }

                labels.Labels[target] = sample.Labels[column, row];
                var (before, after, along) = Tap(u, image.Width);
                int start = upper * image.Width, end = lower * image.Width;
                for (var channel = 0; channel < 3; channel++)
                {
                    var above = Mix(source[(3 * (start + before)) + channel], source[(3 * (start + after)) + channel], along);
                    var below = Mix(source[(3 * (end + before)) + channel], source[(3 * (end + after)) + channel], along);
                    var value = Math.Clamp((Mix(above, below, down) * color[channel]) + color[3], 0, 255);
                    pixels[(channel * size * size) + target] = (value * gain[channel]) + offset[channel];
                }
            }
        }
    }

    /// <summary>A gain for each channel (contrast times a cast) and an offset.</summary>
    private static float[] Recolor(CounterRandom random)
    {
        var contrast = 1 + random.NextDouble(-LargestColor, LargestColor);
        var brightness = 128 * random.NextDouble(-LargestColor, LargestColor);
        var gains = Enumerable
            .Range(0, 3)
            .Select(_ => (float)(contrast * (1 + (random.NextDouble(-LargestColor, LargestColor) / 2))))
            .ToArray();
        return [.. gains, (float)(brightness + (128 * (1 - contrast)))];
    }

    /// <summary>The two pixels whose centers enclose a place, and the share of the second.</summary>
    private static (int Low, int High, float Share) Tap(double place, int size)
    {
        var center = Math.Clamp(place - 0.5, 0, size - 1);
        var low = (int)center;
        return (low, Math.Min(low + 1, size - 1), (float)(center - low));
    }

    private static float Normalize(float value, int channel) => ImageNormalization.ImageNet.Apply(value, channel);

    private static float Mix(float a, float b, float share) => a + (share * (b - a));
}
