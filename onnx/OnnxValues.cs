using FreeMask.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace FreeMask.Onnx;

/// <summary>Conversions between float32 and the element types that a model's border may have.</summary>
internal static class OnnxValues
{
    internal static OrtValue FromTensor(FloatTensor tensor, TensorElementType type, string where)
    {
        var values = tensor.Values;
        long[] shape = [.. tensor.Shape];
        return type switch
        {
            TensorElementType.Float => OrtValue.CreateTensorValueFromMemory(values, shape),
            TensorElementType.Float16 => Make(values, v => (Float16)v, shape),
            TensorElementType.BFloat16 => Make(values, v => (BFloat16)v, shape),
            TensorElementType.Double => Make(values, v => (double)v, shape),
            TensorElementType.Int64 => Make(values, v => (long)Whole(v, where), shape),
            TensorElementType.Int32 => Make(values, v => (int)Whole(v, where), shape),
            _ => throw new FreeMaskException($"{where} has the element type {type}, which FreeMask does not provide."),
        };
    }

    internal static FloatTensor ToTensor(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        return new(ToSingles(value, info.ElementDataType), info.Shape);
    }

    private static float[] ToSingles(OrtValue value, TensorElementType type) => type switch
    {
        TensorElementType.Float => value.GetTensorDataAsSpan<float>().ToArray(),
        TensorElementType.Float16 => Read<Float16>(value, v => (float)v),
        TensorElementType.BFloat16 => Read<BFloat16>(value, v => (float)v),
        TensorElementType.Double => Read<double>(value, v => (float)v),
        TensorElementType.Int64 => Read<long>(value, v => v),
        TensorElementType.Int32 => Read<int>(value, v => v),
        _ => throw new FreeMaskException($"An output has the element type {type}, which FreeMask does not read."),
    };

    private static OrtValue Make<T>(float[] values, Func<float, T> convert, long[] shape) where T : unmanaged =>
        OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, v => convert(v)), shape);

    private static float[] Read<T>(OrtValue value, Func<T, float> convert) where T : unmanaged
    {
        var data = value.GetTensorDataAsSpan<T>();
        var result = new float[data.Length];
        for (var i = 0; i < result.Length; i++) result[i] = convert(data[i]);
        return result;
    }

    private static float Whole(float value, string where)
    {
        if (value == MathF.Truncate(value)) return value;
        throw new FreeMaskException(
            $"{where} takes integers, but was given {value}. An export with an integer timestep cannot follow a schedule of fractional "
                + "ones: "
                + "choose the leading or trailing timestep spacing."
        );
    }
}
