namespace FreeMask.Imaging;

/// <summary>Converts a row of samples to RGB.</summary>
/// <param name="rows">A row of each component.</param>
/// <param name="target">Three bytes for each pixel.</param>
internal delegate void JpegColorConversion(byte[][] rows, Span<byte> target);

/// <summary>The color conversions of JPEG files, with the tables and roundings of libjpeg's <c>jdcolor.c</c>.</summary>
internal static class JpegColors
{
    private const int Half = 1 << 15;

    // JFIF's 1.402, 1.772, 0.34414 and 0.71414, times 2^16.
    private const int RedOfCr = 91881, BlueOfCb = 116130, GreenOfCb = 22554, GreenOfCr = 46802;

    internal static void Grey(byte[][] rows, Span<byte> target)
    {
        var row = rows[0];
        for (int x = 0, to = 0; to < target.Length; x++, to += 3) (target[to], target[to + 1], target[to + 2]) = (row[x], row[x], row[x]);
    }

    internal static void Rgb(byte[][] rows, Span<byte> target)
    {
        for (int x = 0, to = 0; to < target.Length; x++, to += 3)
            (target[to], target[to + 1], target[to + 2]) = (rows[0][x], rows[1][x], rows[2][x]);
    }

    internal static void Ycc(byte[][] rows, Span<byte> target)
    {
        var width = target.Length / 3;
        ReadOnlySpan<byte> luma = rows[0].AsSpan(0, width);
        ReadOnlySpan<byte> blue = rows[1].AsSpan(0, width);
        ReadOnlySpan<byte> red = rows[2].AsSpan(0, width);
        for (int x = 0, to = 0; x < luma.Length; x++, to += 3)
            Write(target.Slice(to, 3), luma[x], blue[x] - 128, red[x] - 128);
    }

    /// <summary>CMYK, stored inverted: what is left of the light is the sample itself.</summary>
    internal static void Cmyk(byte[][] rows, Span<byte> target)
    {
        for (int x = 0, to = 0; to < target.Length; x++, to += 3)
            for (var c = 0; c < 3; c++) target[to + c] = Ink(rows[c][x], rows[3][x]);
    }

    /// <summary>YCC of inverted inks: the transform gives R, G, B; the inks are 255 minus these.</summary>
    internal static void Ycck(byte[][] rows, Span<byte> target)
    {
        Ycc(rows, target);
        for (int x = 0, to = 0; to < target.Length; x++, to += 3)
            for (var c = 0; c < 3; c++) target[to + c] = Ink((byte)(255 - target[to + c]), rows[3][x]);
    }

    private static byte Ink(byte ink, byte black) => (byte)(((2 * ink * black) + 255) / 510);

    private static void Write(Span<byte> pixel, int luma, int cb, int cr)
    {
        pixel[0] = Clamp(luma + (((RedOfCr * cr) + Half) >> 16));
        pixel[1] = Clamp(luma + ((Half - (GreenOfCb * cb) - (GreenOfCr * cr)) >> 16));
        pixel[2] = Clamp(luma + (((BlueOfCb * cb) + Half) >> 16));
    }

    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);
}
