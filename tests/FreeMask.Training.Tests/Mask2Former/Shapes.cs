using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Mask2Former;

namespace FreeMask.Training.Tests.Mask2Former;

/// <summary>Renders images of a red square, a green disc or both, with exact label maps: something small to learn.</summary>
internal static class Shapes
{
    internal static readonly string[] Labels = ["background", "square", "disc"];

    internal static readonly Mask2FormerConfig Tiny = new()
    {
        Backbone = new ResNetConfig(8, [16, 24, 32, 32], [1, 1, 1, 1]),
        Labels = Labels,
        FeatureSize = 32,
        MaskFeatureSize = 32,
        HiddenSize = 32,
        EncoderFeedForward = 32,
        EncoderLayers = 1,
        DecoderFeedForward = 32,
        DecoderLayers = 2,
        Heads = 4,
        Queries = 6,
        TrainPoints = 128,
    };

    /// <summary>The same head on a Swin whose windows divide none of its maps.</summary>
    internal static readonly Mask2FormerConfig TinySwin = Tiny with
    {
        Backbone = new SwinConfig
        {
            EmbeddingSize = 8,
            Depths = [1, 2, 1, 1],
            Heads = [1, 2, 2, 4],
            WindowSize = 3,
            FeedForwardRatio = 2,
            DropPath = 0.2,
        },
    };

    internal static LabeledImage[] Make(int count, int size, ulong seed) => [.. Enumerable.Range(0, count).Select(i => One(i, size, seed))];

    private static LabeledImage One(int index, int size, ulong seed)
    {
        var random = new CounterRandom(seed, index, 0, "shapes");
        var image = new RgbImage(size, size);
        var labels = new LabelMap(size, size);
        foreach (ref var value in image.Pixels.AsSpan()) value = (byte)(90 + random.NextInt(40));
        foreach (var shape in index % 3 == 0 ? new[] { 1, 2 } : [index % 3])
        {
            var radius = size * random.NextDouble(0.15, 0.25);
            var (cx, cy) = (random.NextDouble(radius, size - radius), random.NextDouble(radius, size - radius));
            for (var y = 0; y < size; y++)
                for (var x = 0; x < size; x++)
                {
                    double dx = x + 0.5 - cx, dy = y + 0.5 - cy;
                    var distance = shape == 1 ? Math.Max(Math.Abs(dx), Math.Abs(dy)) : Math.Sqrt((dx * dx) + (dy * dy));
                    if (distance > radius + 1) continue;
                    labels[x, y] = distance > radius ? LabelMap.Ignore : (byte)shape;
                    if (distance <= radius) image[x, y][shape - 1] = (byte)(200 + random.NextInt(50));
                }
        }

        return new LabeledImage($"shape{index}", image, labels);
    }
}
