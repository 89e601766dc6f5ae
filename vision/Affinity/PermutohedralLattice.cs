using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using FreeMask.Tensors;

namespace FreeMask.Vision.Affinity;

/// <summary>
/// Gaussian filtering in high dimensions on the permutohedral lattice (Adams, Baek and Davis, Eurographics 2010), in the arrangement of
/// Kraehenbuehl and Koltun's dense CRF: splat to the enclosing simplex, blur (1/2, 1, 1/2) along each lattice axis, slice.
/// </summary>
internal sealed class PermutohedralLattice
{
    private readonly int _points, _dimensions, _corners;

    // Per point and corner: lattice vertex (from 1; 0 is "nothing there", always zero) and barycentric weight.
    private readonly int[] _vertex;
    private readonly float[] _weight;

    // Per axis and vertex: the two neighbors.
    private readonly int[] _before, _after;
    private readonly int _vertices;

    /// <summary>Builds the lattice.</summary>
    /// <param name="features">Points x dimensions, divided by the standard deviations.</param>
    /// <param name="dimensions">Features a point.</param>
    internal PermutohedralLattice(ReadOnlySpan<float> features, int dimensions)
    {
        (_dimensions, _corners, _points) = (dimensions, dimensions + 1, features.Length / dimensions);
        _vertex = new int[_points * _corners];
        _weight = new float[_points * _corners];
        var table = new LatticeTable(dimensions, _points * 2);
        Splat(features, table);
        _vertices = table.Count;
        _before = new int[_corners * (_vertices + 1)];
        _after = new int[_corners * (_vertices + 1)];
        FindNeighbors(table);
    }

    /// <summary>Filters values, points x channels, into <paramref name="result"/> (same shape).</summary>
    internal void Filter(ReadOnlySpan<float> values, Span<float> result, int channels)
    {
        var size = (_vertices + 1) * channels;
        var grid = ArrayPool<float>.Shared.Rent(size);
        var blurred = ArrayPool<float>.Shared.Rent(size);
        grid.AsSpan(0, size).Clear();
        blurred.AsSpan(0, channels).Clear();
        for (var p = 0; p < _points; p++)
        {
            var from = values.Slice(p * channels, channels);
            for (var k = p * _corners; k < (p + 1) * _corners; k++)
                VectorMath.AddScaled(grid.AsSpan(_vertex[k] * channels, channels), from, _weight[k]);
        }

        for (var axis = 0; axis < _corners; axis++)
        {
            for (var v = 1; v <= _vertices; v++)
            {
                var at = (axis * (_vertices + 1)) + v;
                Blur(blurred.AsSpan(v * channels, channels), grid.AsSpan(v * channels, channels),
                    grid.AsSpan(_before[at] * channels, channels), grid.AsSpan(_after[at] * channels, channels));
            }

            (grid, blurred) = (blurred, grid);
        }

        // The blur's three taps sum to 2 along d + 1 axes; alpha brings the sum back (reference implementation).
        var alpha = 1f / (1 + MathF.Pow(2, -_dimensions));
        result.Clear();
        for (var p = 0; p < _points; p++)
        {
            var to = result.Slice(p * channels, channels);
            for (var k = p * _corners; k < (p + 1) * _corners; k++)
                VectorMath.AddScaled(to, grid.AsSpan(_vertex[k] * channels, channels), _weight[k] * alpha);
        }

        ArrayPool<float>.Shared.Return(grid);
        ArrayPool<float>.Shared.Return(blurred);
    }

    private void Splat(ReadOnlySpan<float> features, LatticeTable table)
    {
        var d = _dimensions;
        var scale = new float[d];
        for (var i = 0; i < d; i++) scale[i] = (float)(Math.Sqrt(2.0 / 3) * (d + 1) / Math.Sqrt((i + 2.0) * (i + 1)));
        var elevated = new float[d + 1];
        var nearest = new int[d + 1];
        var rank = new int[d + 1];
        var barycentric = new float[d + 2];
        var key = new int[d];
        for (var p = 0; p < _points; p++)
        {
            Elevate(features.Slice(p * d, d), scale, elevated);
            FindSimplex(elevated, nearest, rank);
            Array.Clear(barycentric);
            for (var i = 0; i <= d; i++)
            {
                var offset = (elevated[i] - nearest[i]) / (d + 1);
                barycentric[d - rank[i]] += offset;
                barycentric[d - rank[i] + 1] -= offset;
            }

            barycentric[0] += 1 + barycentric[d + 1];
            for (var corner = 0; corner <= d; corner++)
            {
                for (var i = 0; i < d; i++) key[i] = nearest[i] + corner - (rank[i] > d - corner ? d + 1 : 0);
                _vertex[(p * _corners) + corner] = table.FindOrAdd(key);
                _weight[(p * _corners) + corner] = barycentric[corner];
            }
        }
    }

    // Onto the hyperplane where the coordinates sum to 0.
    private static void Elevate(ReadOnlySpan<float> feature, float[] scale, float[] elevated)
    {
        var sum = 0f;
        for (var j = feature.Length; j > 0; j--)
        {
            var value = feature[j - 1] * scale[j - 1];
            elevated[j] = sum - (j * value);
            sum += value;
        }

        elevated[0] = sum;
    }

    // The nearest remainder-0 vertex and the order of the residuals, which name the enclosing simplex.
    private void FindSimplex(float[] elevated, int[] nearest, int[] rank)
    {
        var d = _dimensions;
        var sum = 0;
        for (var i = 0; i <= d; i++)
        {
            var v = elevated[i] / (d + 1);
            var up = MathF.Ceiling(v) * (d + 1);
            var down = MathF.Floor(v) * (d + 1);
            nearest[i] = (int)(up - elevated[i] < elevated[i] - down ? up : down);
            sum += nearest[i] / (d + 1);
        }

        Array.Clear(rank);
        for (var i = 0; i < d; i++)
            for (var j = i + 1; j <= d; j++)
            {
                if (elevated[i] - nearest[i] < elevated[j] - nearest[j]) rank[i]++;
                else rank[j]++;
            }

        for (var i = 0; i <= d; i++)
        {
            rank[i] += sum;
            var shift = rank[i] < 0 ? d + 1 : rank[i] > d ? -(d + 1) : 0;
            rank[i] += shift;
            nearest[i] += shift;
        }
    }

    private void FindNeighbors(LatticeTable table)
    {
        var d = _dimensions;
        var before = new int[d];
        var after = new int[d];
        for (var axis = 0; axis <= d; axis++)
            for (var v = 1; v <= _vertices; v++)
            {
                var key = table.Key(v);
                for (var i = 0; i < d; i++) (before[i], after[i]) = (key[i] - 1, key[i] + 1);
                if (axis < d) (before[axis], after[axis]) = (key[axis] + d, key[axis] - d);
                var at = (axis * (_vertices + 1)) + v;
                _before[at] = table.Find(before);
                _after[at] = table.Find(after);
            }
    }

    private static void Blur(Span<float> result, ReadOnlySpan<float> center, ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        var i = 0;
        if (result.Length >= Vector<float>.Count)
        {
            var results = MemoryMarshal.Cast<float, Vector<float>>(result);
            var centers = MemoryMarshal.Cast<float, Vector<float>>(center);
            var lefts = MemoryMarshal.Cast<float, Vector<float>>(before);
            var rights = MemoryMarshal.Cast<float, Vector<float>>(after);
            for (var k = 0; k < results.Length; k++) results[k] = centers[k] + ((lefts[k] + rights[k]) * 0.5f);
            i = results.Length * Vector<float>.Count;
        }

        for (; i < result.Length; i++) result[i] = center[i] + ((before[i] + after[i]) * 0.5f);
    }
}
