using System.Runtime.InteropServices;

namespace FreeMask.Tensors;

/// <summary>One tensor of a safetensors file: raw little-endian bytes, row-major.</summary>
/// <param name="Name">The tensor's name, such as <c>model.layer1.0.conv1.weight</c>.</param>
/// <param name="DataType">The safetensors type name: F32, F16, BF16, F64, I64, I32, I16, I8, U8, U16, U32, U64 or BOOL.</param>
/// <param name="Shape">Dimensions; empty for a scalar.</param>
/// <param name="Load">Gives the elements, little-endian. Where they are many, they are made or read when they are asked for.</param>
internal sealed record NamedTensor(string Name, string DataType, IReadOnlyList<long> Shape, Func<ReadOnlyMemory<byte>> Load)
{
    /// <param name="name">The tensor's name.</param>
    /// <param name="dataType">The safetensors type name.</param>
    /// <param name="shape">Dimensions; empty for a scalar.</param>
    /// <param name="bytes">The elements, little-endian.</param>
    public NamedTensor(string name, string dataType, IReadOnlyList<long> shape, ReadOnlyMemory<byte> bytes)
        : this(name, dataType, shape, () => bytes)
    {
    }

    /// <summary>The elements, little-endian.</summary>
    public ReadOnlyMemory<byte> Bytes => Load();

    /// <summary>Bytes of the elements.</summary>
    public long Length => Count * ElementSize(DataType, Name);

    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>Wraps floats as an F32 tensor.</summary>
    public static NamedTensor FromSingles(string name, IReadOnlyList<long> shape, ReadOnlySpan<float> values) =>
        new(name, "F32", shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>Wraps 64-bit integers as an I64 tensor.</summary>
    public static NamedTensor FromInt64s(string name, IReadOnlyList<long> shape, ReadOnlySpan<long> values) =>
        new(name, "I64", shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>Wraps bytes as a U8 tensor.</summary>
    public static NamedTensor FromBytes(string name, IReadOnlyList<long> shape, ReadOnlySpan<byte> values) =>
        new(name, "U8", shape, values.ToArray());

    /// <summary>The elements as floats; F64, F16 and BF16 are converted, integers are cast.</summary>
    /// <exception cref="FreeMaskException">The element type is unknown.</exception>
    public float[] ToSingles()
    {
        var bytes = Bytes.Span;
        var result = new float[Count];
        switch (DataType)
        {
            case "F32": MemoryMarshal.Cast<byte, float>(bytes).CopyTo(result); break;
            case "F64": Convert<double>(bytes, result, v => (float)v); break;
            case "F16": Convert<Half>(bytes, result, v => (float)v); break;
            case "BF16": Convert<ushort>(bytes, result, v => BitConverter.UInt32BitsToSingle((uint)v << 16)); break;
            case "I64": Convert<long>(bytes, result, v => v); break;
            case "I32": Convert<int>(bytes, result, v => v); break;
            case "I16": Convert<short>(bytes, result, v => v); break;
            case "I8": Convert<sbyte>(bytes, result, v => v); break;
            case "U8" or "BOOL": Convert<byte>(bytes, result, v => v); break;
            case "U16": Convert<ushort>(bytes, result, v => v); break;
            case "U32": Convert<uint>(bytes, result, v => v); break;
            default: throw new FreeMaskException($"Tensor {Name} has element type {DataType}, which cannot be read as float.");
        }

        return result;
    }

    /// <summary>The elements as 64-bit integers.</summary>
    /// <exception cref="FreeMaskException">The element type is not an integer type.</exception>
    public long[] ToInt64s()
    {
        var bytes = Bytes.Span;
        var result = new long[Count];
        switch (DataType)
        {
            case "I64": MemoryMarshal.Cast<byte, long>(bytes).CopyTo(result); break;
            case "I32": Convert<int>(bytes, result, v => v); break;
            case "I16": Convert<short>(bytes, result, v => v); break;
            case "U8" or "BOOL": Convert<byte>(bytes, result, v => v); break;
            default: throw new FreeMaskException($"Tensor {Name} has element type {DataType}, expected an integer type.");
        }

        return result;
    }

    /// <summary>Bytes of one element.</summary>
    /// <exception cref="FreeMaskException">The type name is unknown.</exception>
    internal static int ElementSize(string dataType, string name) => dataType switch
    {
        "F64" or "I64" or "U64" => 8,
        "F32" or "I32" or "U32" => 4,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "I8" or "U8" or "BOOL" or "F8_E4M3" or "F8_E5M2" => 1,
        _ => throw new FreeMaskException($"Tensor {name} has the unknown element type {dataType}."),
    };

    private static void Convert<T>(ReadOnlySpan<byte> bytes, Span<float> result, Func<T, float> convert) where T : unmanaged
    {
        var values = MemoryMarshal.Cast<byte, T>(bytes);
        for (var i = 0; i < result.Length; i++) result[i] = convert(values[i]);
    }

    private static void Convert<T>(ReadOnlySpan<byte> bytes, Span<long> result, Func<T, long> convert) where T : unmanaged
    {
        var values = MemoryMarshal.Cast<byte, T>(bytes);
        for (var i = 0; i < result.Length; i++) result[i] = convert(values[i]);
    }
}
