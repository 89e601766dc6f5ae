using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// Sine position embedding of a grid (transformers, <c>Mask2FormerSinePositionEmbedding</c> with normalization): rows and columns are
/// numbered from 1, scaled to 2π, and each gives half of the channels as interleaved sines and cosines of falling frequency.
/// </summary>
internal static class SinePositions
{
    private const double Temperature = 10000, Epsilon = 1e-6;

    /// <summary>Embeddings [height x width, channels], row-major.</summary>
    internal static float[] Make(int channels, int height, int width)
    {
        var half = channels / 2;
        var values = new float[height * width * channels];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var cell = values.AsSpan(((y * width) + x) * channels, channels);
                Fill(cell[..half], (y + 1) / (height + Epsilon) * 2 * Math.PI);
                Fill(cell[half..], (x + 1) / (width + Epsilon) * 2 * Math.PI);
            }

        return values;
    }

    /// <summary>The same as a tensor [height x width, channels] on a device.</summary>
    internal static Tensor MakeTensor(int channels, int height, int width, Device device) =>
        tensor(Make(channels, height, width), [height * width, channels], device: device);

    private static void Fill(Span<float> target, double phase)
    {
        for (var k = 0; k < target.Length; k++)
        {
            var angle = phase / Math.Pow(Temperature, 2.0 * (k / 2) / target.Length);
            target[k] = (float)(k % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
        }
    }
}
