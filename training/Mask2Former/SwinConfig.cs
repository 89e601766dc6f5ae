using System.Text.Json.Nodes;
using FreeMask.Json;

namespace FreeMask.Training.Mask2Former;

/// <summary>A Swin transformer (Liu et al., "Swin transformer: hierarchical vision transformer using shifted windows") in the terms of
/// Hugging Face's <c>SwinConfig</c>.</summary>
internal sealed record SwinConfig : BackboneConfig
{
    /// <summary>Side of a patch in pixels, and the stride of the first map.</summary>
    internal const int PatchSize = 4;

    /// <summary>Swin-T: 28 million parameters, windows of 7 x 7.</summary>
    public static SwinConfig Tiny { get; } = new();

    /// <summary>Swin-S: 50 million parameters.</summary>
    public static SwinConfig Small { get; } = new() { Depths = [2, 2, 18, 2] };

    /// <summary>Swin-B: 88 million parameters.</summary>
    public static SwinConfig Base { get; } = new() { EmbeddingSize = 128, Depths = [2, 2, 18, 2], Heads = [4, 8, 16, 32] };

    /// <summary>Swin-L: 197 million parameters.</summary>
    public static SwinConfig Large { get; } = new() { EmbeddingSize = 192, Depths = [2, 2, 18, 2], Heads = [6, 12, 24, 48] };

    /// <summary>Channels of the first stage; each following stage has twice as many.</summary>
    public int EmbeddingSize { get; init; } = 96;

    /// <summary>Blocks of the four stages, at strides 4, 8, 16 and 32. Every second block looks at shifted windows.</summary>
    public IReadOnlyList<int> Depths { get; init; } = [2, 2, 6, 2];

    /// <summary>Heads of the four stages' attention.</summary>
    public IReadOnlyList<int> Heads { get; init; } = [3, 6, 12, 24];

    /// <summary>Side of a window in cells.</summary>
    public int WindowSize { get; init; } = 7;

    /// <summary>Hidden channels of a block's feed-forward part, in multiples of its width.</summary>
    public double FeedForwardRatio { get; init; } = 4;

    /// <summary>Whether queries, keys and values have a bias.</summary>
    public bool HasAttentionBias { get; init; } = true;

    /// <summary>The last block's chance to lose its attention branch for an image while training; earlier blocks' rise linearly to
    /// it.</summary>
    public double DropPath { get; init; }

    /// <summary>Epsilon of the layer norms inside blocks.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Side of the images that the weights were first trained on. Not used; it is kept for the file.</summary>
    public int ImageSize { get; init; } = 224;

    /// <inheritdoc />
    internal override string Kind => "swin";

    /// <inheritdoc />
    internal override Backbone Create() => new SwinBackbone(this);

    /// <summary>Reads the object of a <c>config.json</c> (or its <c>backbone_config</c>).</summary>
    /// <exception cref="FreeMaskException">A field is missing or has a value that is not supported.</exception>
    internal static new SwinConfig FromJson(JsonObject json, string origin)
    {
        var fields = new JsonFields(json, origin);
        fields.RequireText("hidden_act", "gelu");
        fields.RequireInt("patch_size", PatchSize);
        fields.RequireInt("num_channels", 3);
        if (fields.Flag("use_absolute_embeddings", false))
            throw new FreeMaskException($"{origin}: use_absolute_embeddings is true; only relative positions are supported.");
        var config = new SwinConfig
        {
            EmbeddingSize = fields.Int("embed_dim", 96),
            Depths = fields.Ints("depths", [2, 2, 6, 2]),
            Heads = fields.Ints("num_heads", [3, 6, 12, 24]),
            WindowSize = fields.Int("window_size", 7),
            FeedForwardRatio = fields.Number("mlp_ratio", 4),
            HasAttentionBias = fields.Flag("qkv_bias", true),
            DropPath = fields.Number("drop_path_rate", 0.1),
            NormEpsilon = fields.Number("layer_norm_eps", 1e-5),
            ImageSize = json["image_size"] is JsonValue ? fields.Int("image_size", 224) : 224,
        };
        if (config.Depths.Count != 4 || config.Heads.Count != 4)
            throw new FreeMaskException($"{origin}: depths and num_heads must have four numbers each (strides 4, 8, 16, 32).");
        for (var stage = 0; stage < 4; stage++)
            if (config.Channels(stage) % config.Heads[stage] != 0)
                throw new FreeMaskException(
                    $"{origin}: stage {stage + 1} has {config.Channels(stage)} channels, which {config.Heads[stage]} heads cannot share."
                );
        return config;
    }

    /// <inheritdoc />
    internal override JsonObject ToJson() => WithStages(new JsonObject
    {
        ["attention_probs_dropout_prob"] = JsonFields.Real(0),
        ["depths"] = JsonFields.Array(Depths),
        ["drop_path_rate"] = JsonFields.Real(DropPath),
        ["embed_dim"] = EmbeddingSize,
        ["encoder_stride"] = 32,
        ["hidden_act"] = "gelu",
        ["hidden_dropout_prob"] = JsonFields.Real(0),
        ["hidden_size"] = Channels(3),
        ["image_size"] = ImageSize,
        ["initializer_range"] = JsonFields.Real(SwinBackbone.Deviation),
        ["layer_norm_eps"] = JsonFields.Real(NormEpsilon),
        ["mlp_ratio"] = JsonFields.Real(FeedForwardRatio),
        ["model_type"] = Kind,
        ["num_channels"] = 3,
        ["num_heads"] = JsonFields.Array(Heads),
        ["num_layers"] = 4,
        ["patch_size"] = PatchSize,
        ["qkv_bias"] = HasAttentionBias,
        ["use_absolute_embeddings"] = false,
        ["window_size"] = WindowSize,
    });

    /// <summary>Channels of a stage, 0 to 3.</summary>
    internal int Channels(int stage) => EmbeddingSize << stage;
}
