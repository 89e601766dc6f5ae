using FreeMask.Onnx;
using FreeMask.Training.Torch;
using FreeMask.Vision.Harmonization;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Harmonization;

/// <summary>
/// Predicts the six numbers of <see cref="StatisticsForm"/> and their variances from an object and what surrounds it: convolutions of 32,
/// 64 and 128 channels on 32 x 32, 16 x 16 and 8 x 8 cells, a layer and a residual one each; the mean of their features over the object
/// and over the rest; beside them mean and deviation of L, a, b of both, and the object's size; two hidden layers.
/// </summary>
internal sealed class HarmonizerNetwork : NamedModule<Tensor, Tensor>
{
    private const int Hidden = 128, Statistics = 13;

    private const double Epsilon = 1e-4;

    private static readonly int[] Widths = [32, 64, 128];

    private readonly Convolution[] _down, _same;
    private readonly Convolution _first, _second, _last;

    internal HarmonizerNetwork(ulong seed) : base(nameof(HarmonizerNetwork))
    {
        _down = new Convolution[Widths.Length];
        _same = new Convolution[Widths.Length];
        for (var k = 0; k < Widths.Length; k++)
        {
            // The object's colors alone come beside those of the image.
            _down[k] = new Convolution(k == 0 ? HarmonizerFeatures.Planes + 3 : Widths[k - 1], Widths[k], 3, stride: 2);
            _same[k] = new Convolution(Widths[k], Widths[k], 3);
        }

        _first = new Convolution((2 * (Widths[1] + Widths[2])) + Statistics, Hidden, 1);
        _second = new Convolution(Hidden, Hidden, 1);
        _last = new Convolution(Hidden, StatisticsForm.Numbers, 1);
        register_module("down", ModuleGroup.Numbered(_down));
        register_module("same", ModuleGroup.Numbered(_same));
        register_module("first", _first);
        register_module("second", _second);
        register_module("last", _last);
        foreach (var (name, parameter) in named_parameters())
            if (name.EndsWith("weight", StringComparison.Ordinal))
                Initialization.Normal(parameter, Gain(name) * Math.Sqrt(2.0 / parameter[0].numel()), seed, "harmonizer." + name);
    }

    // Residual layers and the last one start quiet.
    private static double Gain(string name) =>
        name.StartsWith("last", StringComparison.Ordinal) ? 0.1 : name.StartsWith("same", StringComparison.Ordinal) ? 0.3 : 1;

    /// <summary>Predicts.</summary>
    /// <param name="input">[n, 4, 64, 64], as <see cref="HarmonizerFeatures"/> says.</param>
    /// <returns>[n, 12].</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var (color, mask) = (input.narrow(1, 0, 3), input.narrow(1, 3, 1));
        var rest = mask.neg().add(PinnedScalar.Of(1), PinnedScalar.Of(1));
        var parts = new List<Tensor> { mask.mean([2, 3], keepdim: true) };
        foreach (var region in new[] { mask, rest })
        {
            var mean = Mean(color, region);
            var square = Mean(color.mul(color), region);
            var variance = square.sub(mean.mul(mean)).clamp_min(PinnedScalar.Of(0));
            parts.Add(mean);
            parts.Add(variance.add(PinnedScalar.Of(Epsilon), PinnedScalar.Of(1)).sqrt());
        }

        var (features, shares) = (cat([input, color.mul(mask)], 1), mask);
        for (var k = 0; k < Widths.Length; k++)
        {
            features = functional.relu(_down[k].forward(features));
            features = features.SafeAdd(functional.relu(_same[k].forward(features)));
            shares = functional.avg_pool2d(shares, 2);
            if (k == 0) continue;
            parts.Add(Mean(features, shares));
            parts.Add(Mean(features, shares.neg().add(PinnedScalar.Of(1), PinnedScalar.Of(1))));
        }

        var hidden = functional.relu(_first.forward(cat([.. parts], 1)));
        hidden = functional.relu(_second.forward(hidden));
        return _last.forward(hidden).flatten(1).MoveToOuterDisposeScope();
    }

    private static Tensor Mean(Tensor values, Tensor weights) =>
        values
            .mul(weights)
            .mean([2, 3], keepdim: true)
            .div(weights.mean([2, 3], keepdim: true).add(PinnedScalar.Of(Epsilon), PinnedScalar.Of(1)));

    /// <summary>The network as an ONNX file.</summary>
    internal byte[] ToOnnx()
    {
        var graph = new OnnxGraphBuilder();
        var writer = new Writer(graph);
        const int Side = HarmonizerFeatures.Side;
        var input = graph.Input(StatisticsForm.Input, OnnxGraphBuilder.Float, "batch", HarmonizerFeatures.Planes, Side, Side);
        string Slice(string of, long from, long to) =>
            graph.Op("Slice", [of, graph.Int64s(from), graph.Int64s(to), graph.Int64s(1)]);
        string Rest(string of) => graph.Op("Sub", [graph.Scalar(1), of]);
        string Average(string of) => graph.Op("ReduceMean", [of], ("axes", new long[] { 2, 3 }), ("keepdims", 1L));
        string Mean(string values, string weights) =>
            graph.Op(
                "Div",
                [Average(writer.Multiply(values, weights)), writer.Add(Average(weights), graph.Scalar((float)Epsilon))]
            );
        var (color, mask) = (Slice(input, 0, 3), Slice(input, 3, 4));
        var parts = new List<string> { Average(mask) };
        foreach (var region in new[] { mask, Rest(mask) })
        {
            var mean = Mean(color, region);
            var variance = graph.Op("Sub", [Mean(writer.Multiply(color, color), region), writer.Multiply(mean, mean)]);
            parts.Add(mean);
            parts.Add(graph.Op("Sqrt", [writer.Add(graph.Op("Relu", [variance]), graph.Scalar((float)Epsilon))]));
        }

        var (features, shares) = (graph.Op("Concat", [input, writer.Multiply(color, mask)], ("axis", 1L)), mask);
        for (var k = 0; k < Widths.Length; k++)
        {
            features = graph.Op("Relu", [writer.Convolve($"down.{k}", _down[k], features, 2)]);
            features = writer.Add(features, graph.Op("Relu", [writer.Convolve($"same.{k}", _same[k], features, 1)]));
            shares = graph.Op("AveragePool", [shares], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
            if (k == 0) continue;
            parts.Add(Mean(features, shares));
            parts.Add(Mean(features, Rest(shares)));
        }

        var hidden = graph.Op("Relu", [writer.Convolve("first", _first, graph.Op("Concat", parts, ("axis", 1L)), 1)]);
        hidden = graph.Op("Relu", [writer.Convolve("second", _second, hidden, 1)]);
        var change = graph.Op("Flatten", [writer.Convolve("last", _last, hidden, 1)]);
        graph.Output(StatisticsForm.Output, change, OnnxGraphBuilder.Float, "batch", StatisticsForm.Numbers);
        return graph.ToBytes();
    }

    private sealed class Writer(OnnxGraphBuilder graph) : TorchOnnxWriter(graph)
    {
        internal string Convolve(string name, Convolution layer, string input, long stride)
        {
            var kernel = layer.Weight.shape[2];
            var padding = kernel / 2;
            return Builder.Op(
                "Conv",
                [
                    input,
                    Builder.Weight($"{name}.weight", Values(layer.Weight), layer.Weight.shape),
                    Builder.Weight($"{name}.bias", Values(layer.Bias!), layer.Bias!.shape),
                ],
                ("kernel_shape", new[] { kernel, kernel }),
                ("strides", new[] { stride, stride }),
                ("pads", new[] { padding, padding, padding, padding })
            );
        }
    }
}
