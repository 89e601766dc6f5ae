using System.Runtime.InteropServices;
using FreeMask.Onnx;
using FreeMask.Randomness;

namespace FreeMask.Benchmarks;

/// <summary>
/// Writes a U-Net with the architecture and widths of Stable Diffusion 1.5 (CompVis/stable-diffusion-v1-5, unet/config.json:
/// block_out_channels 320, 640, 1280, 1280, two layers a block, eight heads, text of width 768) and random weights, in the form that
/// exporters write: decomposed softmax, weights in a file beside the graph. In single or half precision.
/// </summary>
internal sealed class RealWidthUNet : IDisposable
{
    private const string GraphFile = "model.onnx", WeightFile = "model.onnx_data";
    private const int Heads = 8, Groups = 32, TextWidth = 768, Layers = 2;
    internal const int RealWidth = 320;
    private const float NormEpsilon = 1e-5f;

    private readonly int[] _widths;
    private readonly int _timeWidth;
    private readonly bool _half;
    private readonly OnnxGraphBuilder _graph = new();
    private readonly FileStream _weights;
    private readonly float[] _random = new float[1 << 20];
    private readonly Stack<(string Tensor, int Width)> _skips = new();
    private string _time = "";

    private RealWidthUNet(string folder, bool half, int width)
    {
        _half = half;
        _widths = [width, 2 * width, 4 * width, 4 * width];
        _timeWidth = 4 * width;
        _weights = File.Create(Path.Combine(folder, WeightFile), 1 << 20);
        var random = new CounterRandom(1, "weights");
        for (var i = 0; i < _random.Length; i++) _random[i] = (2 * random.NextSingle()) - 1;
    }

    /// <summary>Number of weights.</summary>
    private long Parameters => _weights.Length / (_half ? 2 : sizeof(float));

    private int ElementType => _half ? OnnxGraphBuilder.Float16 : OnnxGraphBuilder.Float;

    /// <summary>Writes the model.</summary>
    /// <param name="folder">An existing folder; it takes 3.4 GB, half of that in half precision.</param>
    /// <param name="half">Whether weights and arithmetic are in half precision.</param>
    /// <param name="width">Channels of the first block; the real width is 320.</param>
    /// <returns>The graph's file, and the number of weights.</returns>
    internal static (string Path, long Parameters) Write(string folder, bool half = false, int width = RealWidth)
    {
        using var unet = new RealWidthUNet(folder, half, width);
        unet.Build();
        var path = Path.Combine(folder, GraphFile);
        unet._graph.Save(path);
        return (path, unet.Parameters);
    }

    public void Dispose() => _weights.Dispose();

    private void Build()
    {
        _graph.Input("sample", ElementType, "batch", 4, "height", "width");
        _graph.Input("timestep", ElementType);
        _graph.Input("encoder_hidden_states", ElementType, "batch", "sequence", TextWidth);
        _time = Time();
        var h = Convolution("conv_in", "sample", 4, _widths[0]);
        _skips.Push((h, _widths[0]));
        var width = _widths[0];
        for (var block = 0; block < _widths.Length; block++) h = Down(block, h, ref width);
        h = Residual("mid_block/resnets.0", h, width, width);
        h = Transformer("mid_block/attentions.0", h, width);
        h = Residual("mid_block/resnets.1", h, width, width);
        for (var block = 0; block < _widths.Length; block++) h = Up(block, h, ref width);
        h = Convolution("conv_out", Silu(GroupNorm("conv_norm_out", h, width)), width, 4);
        _graph.Output("out_sample", h, ElementType, "batch", 4, "height", "width");
    }

    private string Time()
    {
        var frequencies = Enumerable
            .Range(0, _widths[0] / 2)
            .Select(i => (float)Math.Exp(-Math.Log(10_000) * i / (_widths[0] / 2)))
            .ToArray();
        var angles = Op(
            "Mul",
            Op("Unsqueeze", "timestep", _graph.Int64s(0, 1)),
            Values("frequencies", frequencies, 1, frequencies.Length)
        );
        var sinusoids = _graph.Op("Concat", [Op("Cos", angles), Op("Sin", angles)], ("axis", 1));
        var hidden = Silu(Linear("time_embedding.linear_1", sinusoids, _widths[0], _timeWidth));
        return Silu(Linear("time_embedding.linear_2", hidden, _timeWidth, _timeWidth));
    }

    private string Down(int block, string h, ref int width)
    {
        for (var layer = 0; layer < Layers; layer++)
        {
            h = Residual($"down_blocks.{block}/resnets.{layer}", h, width, _widths[block]);
            width = _widths[block];
            if (block < _widths.Length - 1) h = Transformer($"down_blocks.{block}/attentions.{layer}", h, width);
            _skips.Push((h, width));
        }

        if (block == _widths.Length - 1) return h;
        h = Convolution($"down_blocks.{block}.downsamplers.0.conv", h, width, width, stride: 2);
        _skips.Push((h, width));
        return h;
    }

    private string Up(int block, string h, ref int width)
    {
        var target = _widths[_widths.Length - 1 - block];
        for (var layer = 0; layer <= Layers; layer++)
        {
            var (skip, skipWidth) = _skips.Pop();
            h = Residual($"up_blocks.{block}/resnets.{layer}", _graph.Op("Concat", [h, skip], ("axis", 1)), width + skipWidth, target);
            width = target;
            if (block > 0) h = Transformer($"up_blocks.{block}/attentions.{layer}", h, width);
        }

        if (block == _widths.Length - 1) return h;
        var larger = _graph.Op(
            "Resize",
            [h, "", _graph.Weight("double", [1, 1, 2, 2], 4)],
            ("mode", "nearest"),
            ("coordinate_transformation_mode", "asymmetric"),
            ("nearest_mode", "floor")
        );
        return Convolution($"up_blocks.{block}.upsamplers.0.conv", larger, width, width);
    }

    private string Residual(string name, string x, int from, int to)
    {
        _graph.Scope = "/" + name;
        var h = Convolution($"{name}.conv1", Silu(GroupNorm($"{name}.norm1", x, from)), from, to);
        h = Op("Add", h, Op("Unsqueeze", Linear($"{name}.time_emb_proj", _time, _timeWidth, to), _graph.Int64s(2, 3)));
        h = Convolution($"{name}.conv2", Silu(GroupNorm($"{name}.norm2", h, to)), to, to);
        return Op("Add", h, from == to ? x : Convolution($"{name}.conv_shortcut", x, from, to, kernel: 1));
    }

    private string Transformer(string name, string x, int width)
    {
        _graph.Scope = "/" + name;
        var pixels = Convolution($"{name}.proj_in", GroupNorm($"{name}.norm", x, width), width, width, kernel: 1);
        var h = Transpose(Op("Reshape", pixels, _graph.Int64s(0, width, -1)), 0, 2, 1);
        var block = $"{name}/transformer_blocks.0";
        var normal = LayerNorm($"{block}.norm1", h, width);
        h = Op("Add", h, Attention($"{block}/attn1", normal, normal, width, width));
        h = Op("Add", h, Attention($"{block}/attn2", LayerNorm($"{block}.norm2", h, width), "encoder_hidden_states", width, TextWidth));
        _graph.Scope = "/" + block;
        // GEGLU: half of the projection gates the other half.
        var halves = _graph.Op(
            "Split",
            [Linear($"{block}.ff.net.0.proj", LayerNorm($"{block}.norm3", h, width), width, 8 * width)],
            2,
            ("axis", -1)
        );
        h = Op("Add", h, Linear($"{block}.ff.net.2", Op("Mul", halves[0], Gelu(halves[1])), 4 * width, width));
        var back = Op("Reshape", Transpose(h, 0, 2, 1), Op("Shape", x));
        return Op("Add", Convolution($"{name}.proj_out", back, width, width, kernel: 1), x);
    }

    private string Attention(string name, string x, string context, int width, int contextWidth)
    {
        _graph.Scope = "/" + name;
        var split = _graph.Int64s(0, 0, Heads, width / Heads);
        var query = Transpose(Op("Reshape", Linear($"{name}.to_q", x, width, width, bias: false), split), 0, 2, 1, 3);
        var key = Transpose(Op("Reshape", Linear($"{name}.to_k", context, contextWidth, width, bias: false), split), 0, 2, 3, 1);
        var value = Transpose(Op("Reshape", Linear($"{name}.to_v", context, contextWidth, width, bias: false), split), 0, 2, 1, 3);
        var scores = Op("Mul", Op("MatMul", query, key), Scalar((float)(1 / Math.Sqrt(width / (double)Heads))));
        var attended = Op("MatMul", _graph.Op("Softmax", [scores], ("axis", -1)), value);
        return Linear($"{name}.to_out.0", Op("Reshape", Transpose(attended, 0, 2, 1, 3), _graph.Int64s(0, 0, width)), width, width);
    }

    private string Convolution(string name, string x, int from, int to, int kernel = 3, int stride = 1) => _graph.Op(
        "Conv",
        [x, Weight($"{name}.weight", from * kernel * kernel, to, from, kernel, kernel), Values($"{name}.bias", new float[to], to)],
        ("kernel_shape", new long[] { kernel, kernel }),
        ("strides", new long[] { stride, stride }),
        ("pads", new long[] { kernel / 2, kernel / 2, kernel / 2, kernel / 2 }));

    private string Linear(string name, string x, int from, int to, bool bias = true)
    {
        var product = Op("MatMul", x, Weight($"{name}.weight", from, from, to));
        return bias ? Op("Add", product, Values($"{name}.bias", new float[to], to)) : product;
    }

    /// <summary>Group norm as instance norm over the groups, then the affine part: what exporters write below opset 21.</summary>
    private string GroupNorm(string name, string x, int width)
    {
        var grouped = Op("Reshape", x, _graph.Int64s(0, Groups, -1));
        var normal = _graph.Op(
            "InstanceNormalization",
            [grouped, Ones($"{name}.ones", Groups), Values($"{name}.zeros", new float[Groups], Groups)],
            ("epsilon", NormEpsilon)
        );
        var scaled = Op("Mul", Op("Reshape", normal, Op("Shape", x)), Ones($"{name}.weight", width, 1, 1));
        return Op("Add", scaled, Values($"{name}.bias", new float[width], width, 1, 1));
    }

    private string LayerNorm(string name, string x, int width) =>
        _graph.Op(
            "LayerNormalization",
            [x, Ones($"{name}.weight", width), Values($"{name}.bias", new float[width], width)],
            ("axis", -1),
            ("epsilon", NormEpsilon)
        );

    private string Silu(string x) => Op("Mul", x, Op("Sigmoid", x));

    /// <summary>x / 2 (1 + erf(x / sqrt 2)).</summary>
    private string Gelu(string x) =>
        Op("Mul", Op("Mul", x, Scalar(0.5f)), Op("Add", Op("Erf", Op("Div", x, Scalar(MathF.Sqrt(2)))), Scalar(1)));

    private string Transpose(string x, params long[] order) => _graph.Op("Transpose", [x], ("perm", order));

    private string Op(string type, params string[] inputs) => _graph.Op(type, inputs);

    private string Ones(string name, params long[] shape) => Values(name, Enumerable.Repeat(1f, (int)shape[0]).ToArray(), shape);

    /// <summary>Evenly distributed weights of variance 1 / inputs; the same million numbers over and over, scaled.</summary>
    private string Weight(string name, int inputs, params long[] shape)
    {
        var offset = _weights.Position;
        var scale = MathF.Sqrt(3f / inputs);
        var left = shape.Aggregate(1L, (product, side) => product * side);
        var block = new float[_random.Length];
        for (var i = 0; i < block.Length; i++) block[i] = _random[i] * scale;
        for (; left > 0; left -= block.Length)
        {
            var values = block.AsSpan(0, (int)Math.Min(left, block.Length));
            _weights.Write(_half ? MemoryMarshal.AsBytes(Halves(values).AsSpan()) : MemoryMarshal.AsBytes(values));
        }

        return _graph.ExternalWeight(name, ElementType, WeightFile, offset, shape);
    }

    private string Values(string name, float[] values, params long[] shape) =>
        _half ? _graph.Halves(name, Halves(values), shape) : _graph.Weight(name, values, shape);

    private string Scalar(float value) => _half ? _graph.Halves("scalar", [(Half)value]) : _graph.Scalar(value);

    private static Half[] Halves(ReadOnlySpan<float> values)
    {
        var halves = new Half[values.Length];
        for (var i = 0; i < halves.Length; i++) halves[i] = (Half)values[i];
        return halves;
    }
}
