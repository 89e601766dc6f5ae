using System.Numerics;
using System.Runtime.InteropServices;

namespace FreeMask.Tensors;

/// <summary>Sums over spans, a register at a time. Spans of one call have one length.</summary>
internal static class VectorMath
{
    /// <summary>sum += a b, element by element.</summary>
    internal static void AddProduct<T>(Span<T> sum, ReadOnlySpan<T> a, ReadOnlySpan<T> b) where T : struct, INumber<T>
    {
        var sums = MemoryMarshal.Cast<T, Vector<T>>(sum);
        var left = MemoryMarshal.Cast<T, Vector<T>>(a);
        var right = MemoryMarshal.Cast<T, Vector<T>>(b);
        for (var i = 0; i < sums.Length; i++) sums[i] += left[i] * right[i];
        for (var i = sums.Length * Vector<T>.Count; i < sum.Length; i++) sum[i] += a[i] * b[i];
    }

    /// <summary>sum += values.</summary>
    internal static void Add(Span<float> sum, ReadOnlySpan<float> values)
    {
        var sums = MemoryMarshal.Cast<float, Vector<float>>(sum);
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        for (var i = 0; i < sums.Length; i++) sums[i] += vectors[i];
        for (var i = sums.Length * Vector<float>.Count; i < sum.Length; i++) sum[i] += values[i];
    }

    /// <summary>sum += scale values.</summary>
    internal static void AddScaled(Span<float> sum, ReadOnlySpan<float> values, float scale)
    {
        var i = 0;
        if (sum.Length >= Vector<float>.Count)
        {
            var sums = MemoryMarshal.Cast<float, Vector<float>>(sum);
            var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
            for (var k = 0; k < sums.Length; k++) sums[k] += vectors[k] * scale;
            i = sums.Length * Vector<float>.Count;
        }

        for (; i < sum.Length; i++) sum[i] += values[i] * scale;
    }

    /// <summary>sum += |a - b|.</summary>
    internal static void AddDistance(Span<float> sum, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sums = MemoryMarshal.Cast<float, Vector<float>>(sum);
        var left = MemoryMarshal.Cast<float, Vector<float>>(a);
        var right = MemoryMarshal.Cast<float, Vector<float>>(b);
        for (var i = 0; i < sums.Length; i++) sums[i] += Vector.Abs(left[i] - right[i]);
        for (var i = sums.Length * Vector<float>.Count; i < sum.Length; i++) sum[i] += MathF.Abs(a[i] - b[i]);
    }

    /// <summary>The sum of a b.</summary>
    internal static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var left = MemoryMarshal.Cast<float, Vector<float>>(a);
        var right = MemoryMarshal.Cast<float, Vector<float>>(b);
        var total = Vector<float>.Zero;
        for (var i = 0; i < left.Length; i++) total += left[i] * right[i];
        var sum = Vector.Sum(total);
        for (var i = left.Length * Vector<float>.Count; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
