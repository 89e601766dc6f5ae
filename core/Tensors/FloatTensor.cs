namespace FreeMask.Tensors;

/// <summary>A dense tensor as this project computes with it: float32 values, row-major.</summary>
internal sealed class FloatTensor
{
    /// <summary>Wraps values; the array is not copied.</summary>
    /// <exception cref="ArgumentException">The array does not hold exactly the product of the dimensions.</exception>
    public FloatTensor(float[] values, params long[] shape)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(shape);
        if (values.Length != Count(shape))
            throw new ArgumentException($"{values.Length} values do not fill the shape [{string.Join(", ", shape)}].", nameof(values));
        Values = values;
        Shape = shape;
    }

    /// <summary>The elements, row-major.</summary>
    public float[] Values { get; }

    /// <summary>The dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>A scalar of rank 0.</summary>
    public static FloatTensor Scalar(float value) => new([value]);

    /// <summary>A tensor of zeros.</summary>
    public static FloatTensor Zeros(params long[] shape) => new(new float[Count(shape)], shape);

    /// <summary>The elements of entry <paramref name="index"/> of the first dimension.</summary>
    public Span<float> Row(int index)
    {
        var length = Values.Length / (int)Shape[0];
        return Values.AsSpan(index * length, length);
    }

    /// <summary>A number of entries of the first dimension, copied; behind the last they are repeats of it.</summary>
    internal FloatTensor RowsFrom(int start, int count)
    {
        var result = Zeros([count, .. Shape.Skip(1)]);
        for (var i = 0; i < count; i++) Row(Math.Min(start + i, (int)Shape[0] - 1)).CopyTo(result.Row(i));
        return result;
    }

    private static int Count(long[] shape) => (int)shape.Aggregate(1L, (product, side) => checked(product * side));
}
