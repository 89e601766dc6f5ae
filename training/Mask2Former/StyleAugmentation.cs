using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// Changes how an image is drawn, and keeps its shapes: each class and the background get colors of their own, and the whole image is
/// sharpened, blurred or posterized now and then. For training images that one generator drew, so that a segmenter learns outlines rather
/// than the generator's colors.
/// </summary>
internal static class StyleAugmentation
{
    // The background is most of an image: its colors move less.
    private const double BackgroundStrength = 0.6;

    private const double SharpenedShare = 0.2, BlurredShare = 0.2, PosterizedShare = 0.15;
    private const double LeastFilter = 0.3, MostBlur = 1, MostSharpening = 1.2;
    private const int FewestLevels = 3, MostLevels = 6;

    /// <summary>The image in another style, of the same size.</summary>
    /// <param name="sample">An image with its labels.</param>
    /// <param name="random">Draws all that changes.</param>
    internal static RgbImage Apply(LabeledImage sample, CounterRandom random)
    {
        var colors = new StyleColors?[byte.MaxValue + 1];
        foreach (var label in sample.Labels.Labels.Distinct().Order())
            colors[label] = StyleColors.Draw(random, label == LabelMap.Background ? BackgroundStrength : 1);
        var image = new RgbImage(sample.Image.Width, sample.Image.Height);
        for (var p = 0; p < sample.Labels.Labels.Length; p++)
            colors[sample.Labels.Labels[p]]!.Apply(sample.Image.Pixels.AsSpan(3 * p, 3), image.Pixels.AsSpan(3 * p, 3));

        var filter = random.NextDouble();
        if (filter < BlurredShare) image = TowardMean(image, random.NextDouble(LeastFilter, MostBlur));
        else if (filter < BlurredShare + SharpenedShare) image = TowardMean(image, -random.NextDouble(LeastFilter, MostSharpening));
        if (random.NextDouble() < PosterizedShare) Posterize(image, FewestLevels + random.NextInt(MostLevels - FewestLevels + 1));
        return image;
    }

    /// <summary>Moves each value by a share of the way to the mean of its 3 x 3 neighbors: 1 is a box blur, less than 0 an unsharp
    /// mask.</summary>
    private static RgbImage TowardMean(RgbImage source, double share)
    {
        var target = new RgbImage(source.Width, source.Height);
        for (var y = 0; y < source.Height; y++)
            for (var x = 0; x < source.Width; x++)
            {
                var (top, bottom) = (Math.Max(0, y - 1), Math.Min(source.Height - 1, y + 1));
                var (left, right) = (Math.Max(0, x - 1), Math.Min(source.Width - 1, x + 1));
                var count = (bottom - top + 1) * (right - left + 1);
                for (var channel = 0; channel < 3; channel++)
                {
                    var sum = 0;
                    for (var v = top; v <= bottom; v++)
                        for (var u = left; u <= right; u++) sum += source[u, v][channel];
                    var value = source[x, y][channel];
                    target[x, y][channel] = (byte)Math.Clamp(value + (share * (((double)sum / count) - value)) + 0.5, 0, byte.MaxValue);
                }
            }

        return target;
    }

    private static void Posterize(RgbImage image, int levels)
    {
        var step = (double)byte.MaxValue / (levels - 1);
        foreach (ref var value in image.Pixels.AsSpan()) value = (byte)(Math.Round(value / step) * step);
    }
}
