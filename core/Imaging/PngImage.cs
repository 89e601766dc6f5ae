namespace FreeMask.Imaging;

/// <summary>The color types of PNG, with the numbers of the file format.</summary>
internal enum PngColorType
{
    /// <summary>One grey sample a pixel.</summary>
    Grey = 0,

    /// <summary>Red, green, blue.</summary>
    Rgb = 2,

    /// <summary>One palette index a pixel.</summary>
    Indexed = 3,

    /// <summary>Grey and alpha.</summary>
    GreyAlpha = 4,

    /// <summary>Red, green, blue, alpha.</summary>
    Rgba = 6,
}

/// <summary>
/// The samples of a PNG as the file states them: palette indices stay indices, 16-bit samples stay 16-bit, alpha stays straight, gamma and
/// color profiles change nothing. Only grey of fewer than 8 bits is scaled to 0..255.
/// </summary>
internal sealed class PngImage
{
    internal PngImage(int width, int height, PngColorType colorType, int bitDepth, ushort[] samples, byte[]? palette)
    {
        Width = width;
        Height = height;
        ColorType = colorType;
        BitDepth = bitDepth;
        Samples = samples;
        Palette = palette;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>What the samples mean.</summary>
    public PngColorType ColorType { get; }

    /// <summary>Bits a sample in the file: 1, 2, 4, 8 or 16.</summary>
    public int BitDepth { get; }

    /// <summary>Samples a pixel: 1 to 4.</summary>
    public int Channels => ChannelsOf(ColorType);

    /// <summary>Row-major, channels interleaved; 0..65535 where <see cref="BitDepth"/> is 16, else 0..255.</summary>
    public ushort[] Samples { get; }

    /// <summary>Three bytes a palette entry, or null where the file has no palette.</summary>
    public byte[]? Palette { get; }

    /// <summary>The image as 8-bit RGB: the palette is applied, grey is repeated, 16 bits are scaled, alpha is dropped (hidden colors
    /// stay).</summary>
    /// <exception cref="FreeMaskException">A pixel's index lies outside of the palette.</exception>
    public RgbImage ToRgb()
    {
        var result = new RgbImage(Width, Height);
        var pixels = result.Pixels;
        if (ColorType == PngColorType.Rgb && BitDepth == 8)
        {
            for (var i = 0; i < pixels.Length; i++) pixels[i] = (byte)Samples[i];
            return result;
        }

        var channels = Channels;
        var (green, blue) = channels >= 3 ? (1, 2) : (0, 0);
        for (int i = 0, from = 0, to = 0; i < Width * Height; i++, from += channels, to += 3)
        {
            if (ColorType == PngColorType.Indexed)
            {
                var entry = 3 * Samples[from];
                if (entry + 2 >= Palette!.Length)
                    throw new FreeMaskException($"The PNG uses color {Samples[from]}, but its palette has {Palette.Length / 3}.");
                Palette.AsSpan(entry, 3).CopyTo(pixels.AsSpan(to));
                continue;
            }

            pixels[to] = To8(Samples[from]);
            pixels[to + 1] = To8(Samples[from + green]);
            pixels[to + 2] = To8(Samples[from + blue]);
        }

        return result;
    }

    /// <summary>A sample as the file has it: grey of fewer than 8 bits is scaled back to 0 .. 2^bits - 1.</summary>
    internal int Raw(ushort sample) => ColorType == PngColorType.Grey && BitDepth < 8 ? sample * ((1 << BitDepth) - 1) / 255 : sample;

    internal static int ChannelsOf(PngColorType type) => type switch
    {
        PngColorType.Grey or PngColorType.Indexed => 1,
        PngColorType.GreyAlpha => 2,
        PngColorType.Rgb => 3,
        _ => 4,
    };

    // 257 = 65535 / 255, rounded to nearest.
    private byte To8(ushort sample) => BitDepth == 16 ? (byte)((sample + 128) / 257) : (byte)sample;
}
