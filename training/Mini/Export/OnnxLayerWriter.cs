using FreeMask.Onnx;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Torch;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Export;

/// <summary>How the weights of an export are stored; arithmetic is 32-bit either way.</summary>
internal enum WeightStorage
{
    /// <summary>32-bit floats.</summary>
    Single,

    /// <summary>Half precision behind a cast, for tensors of 1024 elements and more.</summary>
    Half,
}

/// <summary>Writes the mini bundle's layers as ONNX nodes (opset 17). Every method returns the name of its output tensor.</summary>
internal sealed class OnnxLayerWriter(OnnxGraphBuilder graph, WeightStorage storage) : TorchOnnxWriter(graph)
{
    private const int SmallestHalf = 1024;

    /// <summary>Adds nodes under a longer name scope.</summary>
    internal T Within<T>(string part, Func<T> add)
    {
        var outer = Builder.Scope;
        Builder.Scope = $"{outer}/{part}";
        var result = add();
        Builder.Scope = outer;
        return result;
    }

    internal string Weight(string name, Tensor values) => Weight(name, Values(values), values.shape);

    internal string Weight(string name, ReadOnlySpan<float> values, params long[] shape) =>
        storage == WeightStorage.Half && values.Length >= SmallestHalf
            ? Builder.HalfWeight(Scoped(name), values, shape)
            : Builder.Weight(Scoped(name), values, shape);

    internal string Silu(string x) => Multiply(x, Builder.Op("Sigmoid", [x]));

    /// <summary>x / 2 (1 + erf(x / sqrt 2)).</summary>
    internal string Gelu(string x)
    {
        var erf = Builder.Op("Erf", [Builder.Op("Div", [x, Builder.Scalar(MathF.Sqrt(2))])]);
        return Multiply(Multiply(x, Builder.Scalar(0.5f)), Add(erf, Builder.Scalar(1)));
    }

    internal string Linear(string name, Linear layer, string x)
    {
        using var scope = NewDisposeScope();
        var product = Builder.Op("MatMul", [x, Weight($"{name}.weight", layer.weight!.t())]);
        return layer.bias is null ? product : Add(product, Weight($"{name}.bias", layer.bias));
    }

    internal string Convolution(string name, Conv2d layer, string x)
    {
        var kernel = layer.weight!.shape[2];
        return Convolution(name, Values(layer.weight), layer.weight.shape, Values(layer.bias!), x, Stride(layer), kernel == 1 ? 0 : 1);
    }

    internal string Convolution(
        string name,
        ReadOnlySpan<float> weight,
        long[] shape,
        ReadOnlySpan<float> bias,
        string x,
        long stride,
        long padding
    ) =>
        Builder.Op(
            "Conv",
            [x, Weight($"{name}.weight", weight, shape), Weight($"{name}.bias", bias, shape[0])],
            ("kernel_shape", new[] { shape[2], shape[3] }),
            ("strides", new[] { stride, stride }),
            ("pads", new[] { padding, padding, padding, padding })
        );

    internal string LayerNorm(string name, LayerNorm layer, string x) => Builder.Op(
        "LayerNormalization",
        [x, Weight($"{name}.weight", layer.weight!), Weight($"{name}.bias", layer.bias!)],
        ("axis", -1L),
        ("epsilon", (float)NetworkLayers.Epsilon));

    /// <summary>Group norm as instance norm over the groups, then the affine part: what exporters write below opset 21.</summary>
    internal string GroupNorm(string name, GroupNorm layer, string x)
    {
        var channels = layer.weight!.numel();
        var ones = Enumerable.Repeat(1f, NetworkLayers.Groups).ToArray();
        var grouped = Builder.Op("Reshape", [x, Builder.Int64s(0, NetworkLayers.Groups, -1)]);
        var normal = Builder.Op(
            "InstanceNormalization",
            [
                grouped,
                Weight($"{name}.group_scale", ones, NetworkLayers.Groups),
                Weight($"{name}.group_bias", new float[NetworkLayers.Groups], NetworkLayers.Groups),
            ],
            ("epsilon", (float)NetworkLayers.Epsilon)
        );
        var back = Builder.Op("Reshape", [normal, Builder.Op("Shape", [x])]);
        var scaled = Multiply(back, Weight($"{name}.weight", Values(layer.weight), channels, 1, 1));
        return Add(scaled, Weight($"{name}.bias", Values(layer.bias!), channels, 1, 1));
    }

    internal string Double(string x) => Builder.Op(
        "Resize",
        [x, "", Weight("double", [1f, 1f, 2f, 2f], 4)],
        ("mode", "nearest"),
        ("coordinate_transformation_mode", "asymmetric"),
        ("nearest_mode", "floor"));

    internal string Concat(params string[] parts) => Builder.Op("Concat", parts, ("axis", 1L));

    internal string Residual(ResidualBlock block, string name, string x, string? time = null) => Within(name, () =>
    {
        var h = Convolution("conv1", block.Conv1, Silu(GroupNorm("norm1", block.Norm1, x)));
        if (block.TimeProjection is not null)
            h = Add(h, Builder.Op("Unsqueeze", [Linear("time_emb_proj", block.TimeProjection, time!), Builder.Int64s(2, 3)]));
        h = Convolution("conv2", block.Conv2, Silu(GroupNorm("norm2", block.Norm2, h)));
        return Add(h, block.Shortcut is null ? x : Convolution("conv_shortcut", block.Shortcut, x));
    });

    /// <summary>softmax(q k^T scale) v on [batch, heads, n, d] tensors, with the probabilities as a node of their own.</summary>
    /// <param name="queries">[batch, n, width].</param>
    /// <param name="keys">[batch, m, width].</param>
    /// <param name="values">[batch, m, width].</param>
    /// <param name="heads">Number of heads.</param>
    /// <param name="width">Channels of all heads together.</param>
    /// <param name="bias">Added to the scaled logits, or null.</param>
    internal string Attend(string queries, string keys, string values, int heads, long width, string? bias = null)
    {
        var split = Builder.Int64s(0, 0, heads, width / heads);
        var q = Builder.Op("Transpose", [Builder.Op("Reshape", [queries, split])], ("perm", new long[] { 0, 2, 1, 3 }));
        var k = Builder.Op("Transpose", [Builder.Op("Reshape", [keys, split])], ("perm", new long[] { 0, 2, 3, 1 }));
        var v = Builder.Op("Transpose", [Builder.Op("Reshape", [values, split])], ("perm", new long[] { 0, 2, 1, 3 }));
        var logits = Multiply(Builder.Op("MatMul", [q, k]), Builder.Scalar((float)(1 / Math.Sqrt(width / (double)heads))));
        if (bias is not null) logits = Add(logits, bias);
        var attended = Builder.Op("MatMul", [Builder.Op("Softmax", [logits], ("axis", -1L)), v]);
        return Builder.Op(
            "Reshape",
            [Builder.Op("Transpose", [attended], ("perm", new long[] { 0, 2, 1, 3 })), Builder.Int64s(0, 0, width)]
        );
    }

    private static long Stride(Conv2d layer) => layer.stride[0];

    private string Scoped(string name) => $"{Builder.Scope.TrimStart('/').Replace('/', '.')}.{name}".TrimStart('.');
}
