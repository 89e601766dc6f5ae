using FreeMask.Training.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Parameter = TorchSharp.Modules.Parameter;

namespace FreeMask.Training.Mask2Former;

/// <summary>What the pixel decoder gives.</summary>
/// <param name="Scales">Feature maps [b, d, h, w] at strides 32, 16 and 8.</param>
/// <param name="MaskFeatures">Per-pixel embeddings [b, d, h/4, w/4].</param>
internal sealed record PixelFeatures(IReadOnlyList<Tensor> Scales, Tensor MaskFeatures);

/// <summary>
/// The deformable pixel decoder: strides 32, 16 and 8 exchange information by deformable attention, then stride 4 is added as in a feature
/// pyramid. Names and arithmetic of transformers' <c>Mask2FormerPixelDecoder</c>.
/// </summary>
internal sealed class PixelDecoder : NamedModule<Tensor[], PixelFeatures>
{
    internal PixelDecoder(Mask2FormerConfig config, IReadOnlyList<int> channels) : base(nameof(PixelDecoder))
    {
        Config = config;
        var size = config.FeatureSize;
        LevelEmbedding = new Parameter(zeros(DeformableAttention.Levels, size, device: DeviceScope.Current));
        Projections = [.. new[] { 3, 2, 1 }.Select(map => new NormalizedConvolution(channels[map], size, 1, bias: true))];
        Layers = [.. Enumerable.Range(0, config.EncoderLayers).Select(_ => new PixelDecoderLayer(config))];
        Adapter = new NormalizedConvolution(channels[0], size, 1, bias: false);
        Smooth = new NormalizedConvolution(size, size, 3, bias: false);
        MaskProjection = new Convolution(size, config.MaskFeatureSize, 1);
        register_parameter("level_embed", LevelEmbedding);
        register_module("input_projections", ModuleGroup.Numbered(Projections));
        register_module("encoder", new ModuleGroup(("layers", ModuleGroup.Numbered(Layers))));
        register_module("adapter_1", Adapter);
        register_module("layer_1", Smooth);
        register_module("mask_projection", MaskProjection);
    }

    internal Mask2FormerConfig Config { get; }

    internal Parameter LevelEmbedding { get; }

    /// <summary>For strides 32, 16 and 8.</summary>
    internal IReadOnlyList<NormalizedConvolution> Projections { get; }

    internal IReadOnlyList<PixelDecoderLayer> Layers { get; }

    internal NormalizedConvolution Adapter { get; }

    internal NormalizedConvolution Smooth { get; }

    internal Convolution MaskProjection { get; }

    /// <inheritdoc />
    public override PixelFeatures forward(Tensor[] input)
    {
        var size = Config.FeatureSize;
        var (tokens, positions, reference, levels) = Tokens(input);
        foreach (var layer in Layers) tokens = layer.Forward(tokens, positions, reference, levels);

        var scales = new Tensor[levels.Length];
        long start = 0;
        for (var i = 0; i < levels.Length; i++)
        {
            var (h, w) = levels[i];
            scales[i] = tokens.narrow(1, start, h * w).transpose(1, 2).reshape(-1, size, h, w);
            start += h * w;
        }

        var fine = Adapter.forward(input[0]);
        fine = fine.SafeAdd(
            functional.interpolate(scales[^1], size: fine.shape[2..], mode: InterpolationMode.Bilinear, align_corners: false)
        );
        return new PixelFeatures(scales, MaskProjection.forward(Smooth.forward(fine).relu()));
    }

    /// <summary>What the deformable layers start from: tokens [b, n, d] of all levels, their positions [n, d], their centers [n, 2], and
    /// the sizes of the levels.</summary>
    internal (Tensor Tokens, Tensor Positions, Tensor Reference, (long Height, long Width)[] Levels) Tokens(IReadOnlyList<Tensor> features)
    {
        var projected = Projections.Select((projection, i) => projection.forward(features[3 - i])).ToArray();
        var levels = projected.Select(map => (Height: map.shape[2], Width: map.shape[3])).ToArray();
        var tokens = cat([.. projected.Select(map => map.flatten(2).transpose(1, 2))], 1);
        var positions = cat(
            [
                .. levels.Select(
                    (l, i) => SinePositions
                        .MakeTensor(Config.FeatureSize, (int)l.Height, (int)l.Width, tokens.device)
                        .SafeAdd(LevelEmbedding[i])
                ),
            ],
            0
        );
        return (tokens, positions, tensor(CellCenters(levels), [tokens.shape[1], 2], device: tokens.device), levels);
    }

    /// <summary>x, y of the middle of every cell of every level, in 0..1.</summary>
    internal static float[] CellCenters(IReadOnlyList<(long Height, long Width)> levels)
    {
        var centers = new List<float>();
        foreach (var (h, w) in levels)
            for (var y = 0; y < h; y++)
                for (var x = 0; x < w; x++) centers.AddRange([(x + 0.5f) / w, (y + 0.5f) / h]);
        return [.. centers];
    }
}

/// <summary>Convolution, then group normalization; children 0 and 1.</summary>
internal sealed class NormalizedConvolution : NamedModule<Tensor, Tensor>
{
    internal NormalizedConvolution(int inputs, int outputs, int kernel, bool bias) : base(nameof(NormalizedConvolution))
    {
        Convolution = new Convolution(inputs, outputs, kernel, bias: bias);
        Normalization = new GroupNormalization(Mask2FormerConfig.NormGroups, outputs);
        register_module("0", Convolution);
        register_module("1", Normalization);
    }

    internal Convolution Convolution { get; }

    internal GroupNormalization Normalization { get; }

    /// <inheritdoc />
    // Channels first for the norm: libtorch's channels-last kernel takes the variance as E[x²] - E[x]², which loses six times more digits.
    public override Tensor forward(Tensor input) => Normalization.forward(Convolution.forward(input).contiguous());
}

/// <summary>x = LN(x + attention); x = LN(x + fc2(relu(fc1(x)))).</summary>
internal sealed class PixelDecoderLayer : NamedModule<Tensor, Tensor>
{
    internal PixelDecoderLayer(Mask2FormerConfig config) : base(nameof(PixelDecoderLayer))
    {
        Attention = new DeformableAttention(config.FeatureSize, config.Heads);
        AttentionNorm = new LayerNormalization(config.FeatureSize);
        Expand = new LinearLayer(config.FeatureSize, config.EncoderFeedForward);
        Reduce = new LinearLayer(config.EncoderFeedForward, config.FeatureSize);
        FinalNorm = new LayerNormalization(config.FeatureSize);
        register_module("self_attn", Attention);
        register_module("self_attn_layer_norm", AttentionNorm);
        register_module("fc1", Expand);
        register_module("fc2", Reduce);
        register_module("final_layer_norm", FinalNorm);
    }

    internal DeformableAttention Attention { get; }

    internal LayerNormalization AttentionNorm { get; }

    internal LinearLayer Expand { get; }

    internal LinearLayer Reduce { get; }

    internal LayerNormalization FinalNorm { get; }

    internal Tensor Forward(Tensor tokens, Tensor positions, Tensor reference, IReadOnlyList<(long Height, long Width)> levels)
    {
        var x = AttentionNorm.forward(tokens.SafeAdd(Attention.Attend(tokens, tokens.SafeAdd(positions), reference, levels)));
        return FinalNorm.forward(x.SafeAdd(Reduce.forward(Expand.forward(x).relu())));
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input) => throw new NotSupportedException("The layer needs positions; call Forward.");
}
