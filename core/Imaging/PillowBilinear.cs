namespace FreeMask.Imaging;

/// <summary>
/// Pillow's bilinear resizing of bytes, bit for bit: a triangle that widens when shrinking, weights in fixed point (22 bits), bytes between
/// the two passes.
/// </summary>
internal static class PillowBilinear
{
    private const int Precision = 22, Channels = 3;

    /// <summary>Resizes; along columns first, then along rows, as the golden data of image processors show.</summary>
    internal static RgbImage Resize(RgbImage image, int width, int height)
    {
        var (wide, tall) = (image.Width, image.Height);
        var scaled = new RgbImage(wide, height);
        Pass(image.Pixels, scaled.Pixels, tall, height, Channels * wide, wide, Channels, Channels);
        var result = new RgbImage(width, height);
        Pass(scaled.Pixels, result.Pixels, wide, width, Channels, height, Channels * wide, Channels * width);
        return result;
    }

    /// <summary>Resizes all lines along one axis.</summary>
    /// <param name="source">Bytes to read.</param>
    /// <param name="target">Bytes to write.</param>
    /// <param name="from">Length of a line of the source, in pixels.</param>
    /// <param name="to">Length of a line of the target.</param>
    /// <param name="step">From a pixel of a line to the next, in bytes; the same in both.</param>
    /// <param name="lines">Number of lines.</param>
    /// <param name="sourceLine">From a line of the source to the next.</param>
    /// <param name="targetLine">From a line of the target to the next.</param>
    private static void Pass(byte[] source, byte[] target, int from, int to, int step, int lines, int sourceLine, int targetLine)
    {
        for (var i = 0; i < to; i++)
        {
            var (first, weights) = Weights(i, from, to);
            for (var line = 0; line < lines; line++)
                for (var channel = 0; channel < Channels; channel++)
                {
                    var (sum, at) = (1 << (Precision - 1), (line * sourceLine) + (first * step) + channel);
                    for (var k = 0; k < weights.Length; k++) sum += weights[k] * source[at + (k * step)];
                    target[(line * targetLine) + (i * step) + channel] = (byte)Math.Clamp(sum >> Precision, 0, 255);
                }
        }
    }

    private static (int First, int[] Weights) Weights(int index, int from, int to)
    {
        var scale = (double)from / to;
        var (radius, center) = (Math.Max(1, scale), (index + 0.5) * scale);
        var first = Math.Max(0, (int)(center - radius + 0.5));
        var weights = new double[Math.Min(from, (int)(center + radius + 0.5)) - first];
        for (var k = 0; k < weights.Length; k++) weights[k] = Math.Max(0, 1 - Math.Abs((first + k - center + 0.5) / radius));
        var total = weights.Sum();
        return (first, [.. weights.Select(w => (int)((w / total * (1 << Precision)) + 0.5))]);
    }
}
