using System.Numerics;
using System.Runtime.InteropServices;
using FreeMask.Vision.Imaging;

namespace FreeMask.Vision.Affinity;

/// <summary>
/// Self-attention as affinity (Dataset Diffusion, Nguyen et al., NeurIPS 2023: A_S^tau A_C): a map is spread along the attention of its
/// own pixels, which fills an object out to its borders.
/// </summary>
public static class SelfAttention
{
    /// <summary>S^power applied to a map as a column: every cell becomes the mean of the cells that it attends to.</summary>
    /// <param name="map">The map; its cells are the rows and columns of <paramref name="attention"/>, row by row.</param>
    /// <param name="attention">Row-stochastic N x N, row-major; N = cells of the map.</param>
    /// <param name="power">0 copies the map.</param>
    /// <exception cref="ArgumentException">The matrix does not fit the map.</exception>
    public static FloatMap Propagate(FloatMap map, ReadOnlySpan<float> attention, int power)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentOutOfRangeException.ThrowIfNegative(power);
        var cells = map.Values.Length;
        if (attention.Length != (long)cells * cells)
            throw new ArgumentException($"The attention has {attention.Length} elements; a {map.Width} x {map.Height} map needs {(long)cells * cells}.", nameof(attention));
        var values = (float[])map.Values.Clone();
        for (var step = 0; step < power; step++)
        {
            var next = new float[cells];
            for (var i = 0; i < cells; i++) next[i] = Dot(attention.Slice(i * cells, cells), values);
            values = next;
        }

        return new FloatMap(map.Width, map.Height, values);
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0f;
        var vectors = MemoryMarshal.Cast<float, Vector4>(a);
        var others = MemoryMarshal.Cast<float, Vector4>(b);
        var total = Vector4.Zero;
        for (var i = 0; i < vectors.Length; i++) total += vectors[i] * others[i];
        for (var i = vectors.Length * 4; i < a.Length; i++) sum += a[i] * b[i];
        return total.X + total.Y + total.Z + total.W + sum;
    }
}
