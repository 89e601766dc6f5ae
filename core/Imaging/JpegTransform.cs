namespace FreeMask.Imaging;

/// <summary>From the coefficients of a JPEG component to its samples.</summary>
internal static class JpegTransform
{
    // cos((2 x + 1) u pi / 16) c(u) / 2, u major.
    private static readonly float[] Waves = MakeWaves();

    /// <summary>Samples in 0..255 on the image's grid; subsampled components are enlarged bilinearly.</summary>
    internal static FloatMap Samples(JpegComponent component, ushort[] quantization, JpegFrame frame)
    {
        var map = new FloatMap(component.Width, component.Height);
        Span<float> block = stackalloc float[64];
        for (var line = 0; line * 8 < component.Height; line++)
            for (var column = 0; column * 8 < component.Width; column++)
            {
                Invert(component.Block(column, line), quantization, block);
                var (rows, columns) = (Math.Min(8, component.Height - (line * 8)), Math.Min(8, component.Width - (column * 8)));
                for (var y = 0; y < rows; y++)
                    for (var x = 0; x < columns; x++)
                        map[(column * 8) + x, (line * 8) + y] = Math.Clamp(MathF.Round(block[(y * 8) + x] + 128), 0, 255);
            }

        var (width, height) = (
            component.Width * frame.MaximumHorizontal / component.Horizontal,
            component.Height * frame.MaximumVertical / component.Vertical
        );
        return Resampling.Resize(map, width, height, ResamplingFilter.Bilinear);
    }

    private static void Invert(ReadOnlySpan<short> coefficients, ushort[] quantization, Span<float> result)
    {
        Span<float> rows = stackalloc float[64];
        rows.Clear();
        for (var v = 0; v < 8; v++)
            for (var u = 0; u < 8; u++)
            {
                float value = coefficients[(v * 8) + u] * quantization[(v * 8) + u];
                if (value == 0) continue;
                for (var x = 0; x < 8; x++) rows[(v * 8) + x] += value * Waves[(u * 8) + x];
            }

        result.Clear();
        for (var v = 0; v < 8; v++)
            for (var y = 0; y < 8; y++)
                for (var x = 0; x < 8; x++) result[(y * 8) + x] += rows[(v * 8) + x] * Waves[(v * 8) + y];
    }

    private static float[] MakeWaves()
    {
        var waves = new float[64];
        for (var u = 0; u < 8; u++)
            for (var x = 0; x < 8; x++)
                waves[(u * 8) + x] = (float)(Math.Cos(((2 * x) + 1) * u * Math.PI / 16) * (u == 0 ? Math.Sqrt(0.125) : 0.5));
        return waves;
    }
}
