namespace FreeMask.Imaging;

/// <summary>One float a pixel, row-major: an attention map, a probability, a height.</summary>
public sealed class FloatMap
{
    /// <summary>Makes a map of zeros.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is not positive.</exception>
    public FloatMap(int width, int height) : this(width, height, new float[PixelGrid.Area(width, height)]) { }

    /// <summary>Wraps existing values; the array is not copied.</summary>
    /// <exception cref="ArgumentException">The array does not hold exactly width x height values.</exception>
    public FloatMap(int width, int height, float[] values)
    {
        PixelGrid.RequireLength(values, PixelGrid.Area(width, height), nameof(values));
        Width = width;
        Height = height;
        Values = values;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>Row-major values; offset of (x, y) is y Width + x.</summary>
    public float[] Values { get; }

    /// <summary>The value of a pixel.</summary>
    public ref float this[int x, int y] => ref Values[(y * Width) + x];

    /// <summary>A deep copy.</summary>
    public FloatMap Clone() => new(Width, Height, (float[])Values.Clone());
}
