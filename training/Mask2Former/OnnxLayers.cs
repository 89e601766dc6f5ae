using FreeMask.Training.Torch;
using FreeMask.Vision.Onnx;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>Writes this project's layers as ONNX nodes. Every method takes and gives names of tensors; the batch is the first, free dimension throughout.</summary>
internal sealed class OnnxLayers(OnnxGraphBuilder graph)
{
    internal OnnxGraphBuilder Graph { get; } = graph;

    /// <summary>A float32 copy of a parameter or buffer.</summary>
    internal static float[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        return tensor.detach().cpu().contiguous().data<float>().ToArray();
    }

    /// <summary>Writes what <paramref name="write"/> adds under one more scope.</summary>
    internal T Within<T>(string scope, Func<T> write)
    {
        var outer = Graph.Scope;
        Graph.Scope = $"{outer}/{scope}";
        var result = write();
        Graph.Scope = outer;
        return result;
    }

    /// <summary>A constant under the current scope.</summary>
    internal string Constant(string name, float[] values, params long[] shape) => Graph.Weight($"{Graph.Scope}/{name}", values, shape);

    internal string Constant(string name, Tensor values) => Constant(name, Values(values), values.shape);

    internal string Add(string left, string right) => Graph.Op("Add", [left, right]);

    internal string MatMul(string left, string right) => Graph.Op("MatMul", [left, right]);

    internal string Relu(string x) => Graph.Op("Relu", [x]);

    internal string Softmax(string x) => Graph.Op("Softmax", [x], ("axis", -1L));

    /// <summary>A 0 keeps the dimension at its place, one -1 is filled in.</summary>
    internal string Reshape(string x, params long[] shape) => Graph.Op("Reshape", [x, Graph.Int64s(shape)]);

    internal string Transpose(string x, params long[] order) => Graph.Op("Transpose", [x], ("perm", order));

    internal string Concat(IReadOnlyList<string> parts, long axis) => Graph.Op("Concat", parts, ("axis", axis));

    internal IReadOnlyList<string> Split(string x, long axis, params long[] lengths) =>
        Graph.Op("Split", [x, Graph.Int64s(lengths)], lengths.Length, ("axis", axis));

    /// <summary>[b, c, h, w] to [b, h w, c].</summary>
    internal string Tokens(string map, long channels) => Transpose(Reshape(map, 0, channels, -1), 0, 2, 1);

    /// <summary>[b, h w, c] to [b, c, h, w].</summary>
    internal string Map(string tokens, long channels, MapSize size) => Reshape(Transpose(tokens, 0, 2, 1), 0, channels, size.Height, size.Width);

    /// <summary>Bilinear, as torch's <c>interpolate(align_corners: false)</c>.</summary>
    internal string Resize(string map, MapSize size) => Graph.Op("Resize", [map, "", "", Graph.Int64s(size.Height, size.Width)],
        ("axes", new[] { 2L, 3L }), ("mode", "linear"), ("coordinate_transformation_mode", "half_pixel"));

    internal string Linear(string x, LinearLayer layer, string name) => Linear(x, Values(layer.Weight), Values(layer.Bias), name);

    /// <summary>y = x Wᵀ + b over the last dimension, for weights [out, in] as PyTorch stores them.</summary>
    internal string Linear(string x, float[] weight, float[] bias, string name)
    {
        var (outputs, inputs) = (bias.Length, weight.Length / bias.Length);
        var transposed = new float[weight.Length];
        for (var o = 0; o < outputs; o++)
            for (var i = 0; i < inputs; i++) transposed[(i * outputs) + o] = weight[(o * inputs) + i];
        return Add(MatMul(x, Constant(name + ".weight", transposed, inputs, outputs)), Constant(name + ".bias", bias, outputs));
    }

    internal string Convolution(string x, Convolution layer, string name, long stride = 1)
    {
        List<string> inputs = [x, Constant(name + ".weight", layer.Weight)];
        if (layer.Bias is not null) inputs.Add(Constant(name + ".bias", layer.Bias));
        return Convolve(inputs, layer.Weight.shape[2], stride);
    }

    /// <summary>A convolution with the batch normalisation behind it folded into its weights (running statistics).</summary>
    internal string Convolution(string x, Convolution layer, BatchNormalization normalization, string name, long stride)
    {
        var weight = Values(layer.Weight);
        var (scale, bias) = (Values(normalization.Weight), Values(normalization.Bias));
        var (mean, variance) = (Values(normalization.RunningMean), Values(normalization.RunningVariance));
        var row = weight.Length / bias.Length;
        for (var channel = 0; channel < bias.Length; channel++)
        {
            var factor = scale[channel] / Math.Sqrt(variance[channel] + BatchNormalization.Epsilon);
            foreach (ref var value in weight.AsSpan(channel * row, row)) value = (float)(value * factor);
            bias[channel] = (float)(bias[channel] - (mean[channel] * factor));
        }

        return Convolve([x, Constant(name + ".weight", weight, layer.Weight.shape), Constant(name + ".bias", bias, bias.Length)], layer.Weight.shape[2], stride);
    }

    internal string LayerNorm(string x, LayerNormalization layer, string name) => Graph.Op("LayerNormalization",
        [x, Constant(name + ".weight", layer.Weight), Constant(name + ".bias", layer.Bias)], ("axis", -1L), ("epsilon", (float)LayerNormalization.Epsilon));

    /// <summary>Group normalisation of [b, c, h, w] as instance normalisation of the groups.</summary>
    internal string GroupNorm(string x, GroupNormalization layer, string name, MapSize size)
    {
        var (groups, channels) = ((int)layer.Groups, layer.Weight.shape[0]);
        var one = Constant("group.weight", [.. Enumerable.Repeat(1f, groups)], groups);
        var zero = Constant("group.bias", new float[groups], groups);
        var normal = Graph.Op("InstanceNormalization", [Reshape(x, 0, groups, -1), one, zero], ("epsilon", (float)GroupNormalization.Epsilon));
        var scaled = Graph.Op("Mul", [Reshape(normal, 0, channels, size.Height, size.Width), Constant(name + ".weight", Values(layer.Weight), channels, 1, 1)]);
        return Add(scaled, Constant(name + ".bias", Values(layer.Bias), channels, 1, 1));
    }

    private string Convolve(IReadOnlyList<string> inputs, long kernel, long stride)
    {
        var pad = kernel / 2;
        return Graph.Op("Conv", inputs, ("kernel_shape", new[] { kernel, kernel }), ("pads", new[] { pad, pad, pad, pad }), ("strides", new[] { stride, stride }));
    }
}

/// <summary>Sides of a feature map.</summary>
internal readonly record struct MapSize(long Height, long Width)
{
    internal long Area => Height * Width;

    /// <summary>After a convolution or pooling of odd kernel, padded by half of it.</summary>
    internal MapSize Stride(long stride) => new((Height + stride - 1) / stride, (Width + stride - 1) / stride);
}
