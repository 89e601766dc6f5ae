using FreeMask.Imaging;
using FreeMask.Tensors;

namespace FreeMask.Diffusion.Attention;

/// <summary>
/// Self-attention as affinity (Dataset Diffusion, Nguyen et al., NeurIPS 2023: A_S^tau A_C): a map is spread along the attention of its
/// own pixels, which fills an object out to its borders.
/// </summary>
internal static class SelfAttention
{
    /// <summary>S^power applied to a map as a column: every cell becomes the mean of the cells that it attends to.</summary>
    /// <param name="map">The map; its cells are the rows and columns of <paramref name="attention"/>, row by row.</param>
    /// <param name="attention">Row-stochastic N x N, row-major; N = cells of the map.</param>
    /// <param name="power">0 copies the map.</param>
    /// <exception cref="ArgumentException">The matrix does not fit the map.</exception>
    public static FloatMap Propagate(FloatMap map, ReadOnlySpan<float> attention, int power)
    {
        var cells = Check(map, attention, power);
        var values = (float[])map.Values.Clone();
        var next = new float[cells];
        for (var step = 0; step < power; step++)
        {
            for (var i = 0; i < cells; i++) next[i] = VectorMath.Dot(attention.Slice(i * cells, cells), values);
            (values, next) = (next, values);
        }

        return new FloatMap(map.Width, map.Height, values);
    }

    private static int Check(FloatMap map, ReadOnlySpan<float> attention, int power)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentOutOfRangeException.ThrowIfNegative(power);
        var cells = map.Values.Length;
        if (attention.Length != (long)cells * cells)
            throw new ArgumentException(
                $"The attention has {attention.Length} elements; a {map.Width} x {map.Height} map needs {(long)cells * cells}.",
                nameof(attention)
            );
        return cells;
    }
}
