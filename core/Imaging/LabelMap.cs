namespace FreeMask.Imaging;

/// <summary>One byte a pixel: a class index, or an instance index, or <see cref="Ignore"/>. Row-major.</summary>
public sealed class LabelMap
{
    /// <summary>The value that losses and metrics skip (VOC's void).</summary>
    public const byte Ignore = 255;

    /// <summary>The class index of background.</summary>
    public const byte Background = 0;

    /// <summary>Makes a map of zeros.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is not positive.</exception>
    public LabelMap(int width, int height) : this(width, height, new byte[PixelGrid.Area(width, height)]) { }

    /// <summary>Wraps existing labels; the array is not copied.</summary>
    /// <exception cref="ArgumentException">The array does not hold exactly width x height bytes.</exception>
    public LabelMap(int width, int height, byte[] labels)
    {
        PixelGrid.RequireLength(labels, PixelGrid.Area(width, height), nameof(labels));
        Width = width;
        Height = height;
        Labels = labels;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>Row-major labels; offset of (x, y) is y Width + x.</summary>
    public byte[] Labels { get; }

    /// <summary>The label of a pixel.</summary>
    public ref byte this[int x, int y] => ref Labels[(y * Width) + x];

    /// <summary>A deep copy.</summary>
    public LabelMap Clone() => new(Width, Height, (byte[])Labels.Clone());
}
