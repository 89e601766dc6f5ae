namespace FreeMask.Imaging;

/// <summary>An 8-bit sRGB image: rows top to bottom, pixels left to right, three interleaved bytes (R, G, B) each.</summary>
public sealed class RgbImage
{
    /// <summary>Makes a black image.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is not positive.</exception>
    public RgbImage(int width, int height) : this(width, height, new byte[checked(3 * PixelGrid.Area(width, height))]) { }

    /// <summary>Wraps existing pixels; the array is not copied.</summary>
    /// <exception cref="ArgumentException">The array does not hold exactly 3 x width x height bytes.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        PixelGrid.RequireLength(pixels, 3 * PixelGrid.Area(width, height), nameof(pixels));
        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>Interleaved R, G, B; offset of (x, y) is 3 (y Width + x).</summary>
    public byte[] Pixels { get; }

    /// <summary>The three bytes of a pixel.</summary>
    public Span<byte> this[int x, int y] => Pixels.AsSpan(3 * ((y * Width) + x), 3);

    /// <summary>A deep copy.</summary>
    public RgbImage Clone() => new(Width, Height, (byte[])Pixels.Clone());
}
