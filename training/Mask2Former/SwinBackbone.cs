using FreeMask.Randomness;
using FreeMask.Training.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// Swin under Hugging Face's parameter names (transformers, <c>modeling_swin.py</c>: <c>SwinBackbone</c>). Maps of any size are padded to
/// whole windows; each stage's map is normalized before it leaves, and merged two by two before the next stage.
/// </summary>
internal sealed class SwinBackbone : Backbone
{
    internal const double Deviation = 0.02;

    internal SwinBackbone(SwinConfig config) : base(nameof(SwinBackbone))
    {
        Config = config;
        Channels = [.. Enumerable.Range(0, 4).Select(config.Channels)];
        Embedding = new Convolution(3, config.EmbeddingSize, SwinConfig.PatchSize, SwinConfig.PatchSize, padding: 0);
        EmbeddingNorm = new LayerNormalization(config.EmbeddingSize);
        Stages = [.. Enumerable.Range(0, 4).Select(stage => Enumerable.Range(0, config.Depths[stage])
            .Select(i => new SwinBlock(config, stage, i % 2 == 0 ? 0 : config.WindowSize / 2)).ToArray())];
        Mergers = [.. Channels.Take(3).Select(channels => new PatchMerging(channels))];
        Norms = [.. Channels.Select(channels => new LayerNormalization(channels))];
        register_module(
            "embeddings",
            new ModuleGroup(("patch_embeddings", new ModuleGroup(("projection", Embedding))), ("norm", EmbeddingNorm))
        );
        register_module("encoder", new ModuleGroup(("layers", ModuleGroup.Numbered(Stages.Select(Stage)))));
        register_module("hidden_states_norms", new ModuleGroup(Norms.Select((norm, i) => (StageName(i), (Module)norm))));
    }

    internal SwinConfig Config { get; }

    internal Convolution Embedding { get; }

    internal LayerNormalization EmbeddingNorm { get; }

    internal IReadOnlyList<IReadOnlyList<SwinBlock>> Stages { get; }

    internal IReadOnlyList<PatchMerging> Mergers { get; }

    /// <summary>The norms of the four maps.</summary>
    internal IReadOnlyList<LayerNormalization> Norms { get; }

    /// <inheritdoc />
    internal override IReadOnlyList<int> Channels { get; }

    /// <summary>Decides which attention branches are lost in training mode (<see cref="SwinConfig.DropPath"/>); null loses none.</summary>
    internal CounterRandom? Randomness { get; set; }

    /// <inheritdoc />
    public override Tensor[] forward(Tensor input)
    {
        var (height, width) = (input.shape[2], input.shape[3]);
        var image = functional.pad(input, [0, Missing(width, SwinConfig.PatchSize), 0, Missing(height, SwinConfig.PatchSize)]);
        var x = EmbeddingNorm.forward(Embedding.forward(image).permute(0, 2, 3, 1));
        var maps = new Tensor[Stages.Count];
        var (block, blocks) = (0, Config.Depths.Sum());
        for (var stage = 0; stage < maps.Length; stage++)
        {
            foreach (var layer in Stages[stage])
            {
                var chance = blocks > 1 ? Config.DropPath * block / (blocks - 1) : 0;
                x = layer.Forward(x, Keep(x.shape[0], chance, x.device));
                block++;
            }

            maps[stage] = Norms[stage].forward(x).permute(0, 3, 1, 2);
            if (stage < Mergers.Count) x = Mergers[stage].forward(x);
        }

        return maps;
    }

    /// <summary>Matrices and the patch embedding N(0, 0.02); position biases zero; norms are the identity.</summary>
    internal override void Initialize(ulong seed)
    {
        foreach (var (name, parameter) in named_parameters())
            if (parameter.dim() > 1 && !name.EndsWith(SwinBlock.BiasTable, StringComparison.Ordinal))
                Initialization.Normal(parameter, Deviation, seed, "backbone." + name);
    }

    /// <summary>How many cells are missing to the next multiple.</summary>
    internal static long Missing(long size, long multiple) => (multiple - (size % multiple)) % multiple;

    /// <summary>The name of a map's norm.</summary>
    internal static string StageName(int stage) => $"stage{stage + 1}";

    private Module Stage(IReadOnlyList<SwinBlock> blocks, int stage)
    {
        var children = new ModuleGroup(("blocks", ModuleGroup.Numbered(blocks)));
        if (stage < Mergers.Count) children.register_module("downsample", Mergers[stage]);
        return children;
    }

    /// <summary>What each image's branch is multiplied with, [n, 1, 1, 1]: 0, or 1 / (1 - chance); null for 1.</summary>
    private Tensor? Keep(long pictures, double chance, Device device)
    {
        if (!training || Randomness is null || chance == 0) return null;
        var factors = new float[pictures];
        for (var i = 0; i < factors.Length; i++) factors[i] = Randomness.NextDouble() < chance ? 0 : (float)(1 / (1 - chance));
        return tensor(factors, [pictures, 1, 1, 1], device: device);
    }
}

/// <summary>Halves a map [n, h, w, c] to [n, h/2, w/2, 2c]: four neighbors side by side, layer norm, a matrix. Odd sides get a row or
/// column of zeros.</summary>
internal sealed class PatchMerging : NamedModule<Tensor, Tensor>
{
    internal PatchMerging(int channels) : base(nameof(PatchMerging))
    {
        Reduction = new LinearLayer(4 * channels, 2 * channels, bias: false);
        Norm = new LayerNormalization(4 * channels);
        register_module("reduction", Reduction);
        register_module("norm", Norm);
    }

    internal LinearLayer Reduction { get; }

    internal LayerNormalization Norm { get; }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        var even = functional.pad(input, [0, 0, 0, input.shape[2] % 2, 0, input.shape[1] % 2]);
        var (n, h, w, c) = (even.shape[0], even.shape[1] / 2, even.shape[2] / 2, even.shape[3]);

        // Neighbors in the order (0, 0), (1, 0), (0, 1), (1, 1) of (row, column).
        var neighbors = even.view(n, h, 2, w, 2, c).permute(0, 1, 3, 4, 2, 5).reshape(n, h, w, 4 * c);
        return Reduction.forward(Norm.forward(neighbors));
    }
}
