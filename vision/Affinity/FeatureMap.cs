using FreeMask.Imaging;

namespace FreeMask.Vision.Affinity;

/// <summary>Features on a grid: one row-major plane a channel.</summary>
internal sealed class FeatureMap
{
    /// <summary>Wraps existing values; the array is not copied.</summary>
    /// <param name="channels">Planes.</param>
    /// <param name="width">Grid width.</param>
    /// <param name="height">Grid height.</param>
    /// <param name="values">[channels, height, width].</param>
    /// <exception cref="ArgumentException">The array does not hold exactly channels x width x height values.</exception>
    public FeatureMap(int channels, int width, int height, float[] values)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        PixelGrid.RequireLength(values, checked(channels * PixelGrid.Area(width, height)), nameof(values));
        (Channels, Width, Height, Values) = (channels, width, height, values);
    }

    /// <summary>Number of planes.</summary>
    public int Channels { get; }

    /// <summary>Grid width.</summary>
    public int Width { get; }

    /// <summary>Grid height.</summary>
    public int Height { get; }

    /// <summary>[channels, height, width].</summary>
    public float[] Values { get; }

    /// <summary>Cells of the grid.</summary>
    public int Cells => Width * Height;

    /// <summary>The plane of a channel.</summary>
    public Span<float> Plane(int channel) => Values.AsSpan(channel * Cells, Cells);

    /// <summary>The same features on another grid: bilinear, align_corners = false.</summary>
    internal FeatureMap Resize(int width, int height)
    {
        if ((width, height) == (Width, Height)) return this;
        var result = new FeatureMap(Channels, width, height, new float[Channels * width * height]);
        for (var c = 0; c < Channels; c++)
            Resampling
                .Resize(new FloatMap(Width, Height, Plane(c).ToArray()), width, height, ResamplingFilter.Bilinear)
                .Values.CopyTo(result.Plane(c));
        return result;
    }
}
