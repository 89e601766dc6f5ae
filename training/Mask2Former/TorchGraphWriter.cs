using FreeMask.Onnx;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>Writes the project's layers as ONNX operators; batch sizes stay free (a 0 or -1 in every reshape).</summary>
internal sealed class TorchGraphWriter(OnnxGraphBuilder builder) : TorchOnnxWriter(builder)
{
    internal string Constant(string name, Tensor tensor) => Builder.Weight(name, Values(tensor), tensor.shape);

    internal string Reshape(string x, params long[] shape) => Builder.Op("Reshape", [x, Builder.Int64s(shape)]);

    internal string Transpose(string x, params long[] order) => Builder.Op("Transpose", [x], ("perm", order));

    internal string Relu(string x) => Builder.Op("Relu", [x]);

    /// <summary>1 / (1 + e^-x), by its definition: ONNX Runtime's own sigmoid never falls below 1e-8, and the best of many small scores
    /// must stay the best.</summary>
    internal string Sigmoid(string x) =>
        Builder.Op("Div", [Builder.Scalar(1), Add(Builder.Op("Exp", [Builder.Op("Neg", [x])]), Builder.Scalar(1))]);

    internal string Slice(string x, long axis, long start, long end) =>
        Builder.Op("Slice", [x, Builder.Int64s(start), Builder.Int64s(end), Builder.Int64s(axis)]);

    /// <summary>One entry of an axis, which disappears.</summary>
    internal string Select(string x, long axis, long index) => Builder.Op("Gather", [x, Builder.Int64Scalar(index)], ("axis", axis));

    /// <summary>Bilinear resizing of both image axes, as torch's with align_corners = false.</summary>
    internal string Resize(string x, (long Height, long Width) from, (long Height, long Width) to) => from == to ? x : Builder.Op(
        "Resize",
        [x, "", Builder.Weight("scales", [1, 1, Scale(from.Height, to.Height), Scale(from.Width, to.Width)], 4)],
        ("mode", "linear"),
        ("coordinate_transformation_mode", "half_pixel"));

    /// <summary>Zeros below and to the right of two axes.</summary>
    internal string Pad(string x, int rank, int rowAxis, long below, int columnAxis, long right)
    {
        if (below == 0 && right == 0) return x;
        var pads = new long[2 * rank];
        (pads[rank + rowAxis], pads[rank + columnAxis]) = (below, right);
        return Builder.Op("Pad", [x, Builder.Int64s(pads)]);
    }

    /// <summary>Moves an axis' first <paramref name="shift"/> entries of <paramref name="size"/> to its end.</summary>
    internal string Roll(string x, long axis, long shift, long size) =>
        Builder.Op("Concat", [Slice(x, axis, shift, size), Slice(x, axis, 0, shift)], ("axis", axis));

    /// <summary>x Φ(x), exactly.</summary>
    internal string Gelu(string x)
    {
        var inner = Builder.Op("Erf", [Multiply(x, Builder.Scalar((float)Math.Sqrt(0.5)))]);
        return Multiply(Multiply(x, Builder.Scalar(0.5f)), Add(inner, Builder.Scalar(1)));
    }

    internal string Linear(string x, LinearLayer layer) => Linear(x, layer.Weight, layer.Bias);

    internal string Linear(string x, Tensor weight, Tensor? bias) =>
        bias is null ? MatMul(x, Constant("weight", weight.t())) : Add(MatMul(x, Constant("weight", weight.t())), Constant("bias", bias));

    internal string Convolve(string x, Tensor weight, Tensor? bias, long stride = 1, long? padding = null)
    {
        var (kernel, margin) = (weight.shape[2], padding ?? (weight.shape[2] / 2));
        List<string> inputs = [x, Constant("weight", weight)];
        if (bias is not null) inputs.Add(Constant("bias", bias));
        return Builder.Op(
            "Conv",
            inputs,
            ("kernel_shape", new[] { kernel, kernel }),
            ("strides", new[] { stride, stride }),
            ("pads", new[] { margin, margin, margin, margin }));
    }

    internal string LayerNorm(string x, LayerNormalization norm) => Builder.Op(
        "LayerNormalization",
        [x, Constant("weight", norm.Weight), Constant("bias", norm.Bias)],
        ("axis", -1L),
        ("epsilon", (float)norm.Epsilon));

    /// <summary>Group norm of [n, c, height, width]: each group is one channel of an instance norm.</summary>
    internal string GroupNorm(string x, GroupNormalization norm, long height, long width)
    {
        var channels = norm.Weight.shape[0];
        var normalized = Builder.Op(
            "InstanceNormalization",
            [
                Reshape(x, 0, norm.Groups, -1),
                Constant("ones", ones(norm.Groups, device: CPU)),
                Constant("zeros", zeros(norm.Groups, device: CPU)),
            ],
            ("epsilon", (float)GroupNormalization.Epsilon));
        var scaled = Multiply(Reshape(normalized, 0, channels, height, width), Constant("weight", norm.Weight.view(channels, 1, 1)));
        return Add(scaled, Constant("bias", norm.Bias.view(channels, 1, 1)));
    }

    /// <summary>Convolution with its batch norm folded into weight and bias, and ReLU if the unit has one.</summary>
    internal string Unit(string x, ResNetUnit unit)
    {
        using var scope = NewDisposeScope();
        var norm = unit.Normalization;
        var gain = norm.Weight / norm.RunningVariance.SafeAdd(PinnedScalar.Of(BatchNormalization.Epsilon)).sqrt();
        var folded = Convolve(
            x, unit.Convolution.Weight * gain.view(-1, 1, 1, 1), norm.Bias - (norm.RunningMean * gain), unit.Stride);
        return unit.Activate ? Relu(folded) : folded;
    }

    /// <summary>A factor by which the size, rounded down, becomes exactly the wanted one.</summary>
    private static float Scale(long from, long to)
    {
        var scale = (float)to / from;
        while ((double)from * scale < to) scale = MathF.BitIncrement(scale);
        return scale;
    }
}
