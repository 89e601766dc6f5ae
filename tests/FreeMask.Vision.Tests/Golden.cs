using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Tensors;
using Xunit;

namespace FreeMask.Vision.Tests;

/// <summary>Golden tensors as the types of this project.</summary>
internal static class Golden
{
    internal static SafetensorsFile Tensors(params string[] parts) => SafetensorsFile.Load(Fixtures.Path(parts));

    internal static JsonElement Json(params string[] parts) => JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path(parts))).RootElement;

    internal static RgbImage Rgb(NamedTensor tensor) => new((int)tensor.Shape[1], (int)tensor.Shape[0], tensor.Bytes.ToArray());

    internal static LabelMap Labels(NamedTensor tensor) => new((int)tensor.Shape[1], (int)tensor.Shape[0], tensor.Bytes.ToArray());

    internal static FloatMap Map(NamedTensor tensor, int channel = 0)
    {
        var (height, width) = ((int)tensor.Shape[^2], (int)tensor.Shape[^1]);
        return new FloatMap(width, height, tensor.ToSingles().AsSpan(channel * width * height, width * height).ToArray());
    }

    internal static double Number(JsonElement value) => value.ValueKind == JsonValueKind.Null ? double.NaN : value.GetDouble();

    internal static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var worst = 0.0;
        for (var i = 0; i < expected.Length; i++)
            worst = Math.Max(worst, double.IsNaN(actual[i]) ? double.PositiveInfinity : Math.Abs(expected[i] - actual[i]));
        Assert.True(worst <= tolerance, $"largest difference {worst:g4}, allowed {tolerance:g4}");
    }

    internal static void Near(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, int tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var worst = 0;
        for (var i = 0; i < expected.Length; i++) worst = Math.Max(worst, Math.Abs(expected[i] - actual[i]));
        Assert.True(worst <= tolerance, $"largest difference {worst} levels, allowed {tolerance}");
    }
}
