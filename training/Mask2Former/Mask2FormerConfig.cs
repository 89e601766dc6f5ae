using System.Text.Json.Nodes;
using FreeMask.Json;

namespace FreeMask.Training.Mask2Former;

/// <summary>A Mask2Former in the terms of Hugging Face's <c>Mask2FormerConfig</c> (Cheng et al., "Masked-attention mask transformer for
/// universal image segmentation").</summary>
internal sealed record Mask2FormerConfig
{
    // Group normalization has 32 groups throughout, as the reference.
    internal const int NormGroups = 32;

    internal const string Architecture = "Mask2FormerForUniversalSegmentation";

    /// <summary>The image backbone.</summary>
    public required BackboneConfig Backbone { get; init; }

    /// <summary>Class names in the order of the logits; one more logit, the last, means "no object".</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Channels inside the pixel decoder; a multiple of 32.</summary>
    public int FeatureSize { get; init; } = 256;

    /// <summary>Channels of the per-pixel embedding that masks are made of.</summary>
    public int MaskFeatureSize { get; init; } = 256;

    /// <summary>Channels of the queries.</summary>
    public int HiddenSize { get; init; } = 256;

    /// <summary>Hidden channels of the pixel decoder's feed-forward parts.</summary>
    public int EncoderFeedForward { get; init; } = 1024;

    /// <summary>Deformable attention layers.</summary>
    public int EncoderLayers { get; init; } = 6;

    /// <summary>Hidden channels of the transformer decoder's feed-forward parts.</summary>
    public int DecoderFeedForward { get; init; } = 2048;

    /// <summary>Masked-attention layers. (Hugging Face's <c>decoder_layers</c> counts one more: the prediction before the first
    /// layer.)</summary>
    public int DecoderLayers { get; init; } = 9;

    /// <summary>Heads of every attention.</summary>
    public int Heads { get; init; } = 8;

    /// <summary>Number of queries: the most segments that an image can have.</summary>
    public int Queries { get; init; } = 100;

    /// <summary>Whether features are projected even where their width fits the queries' already.</summary>
    public bool EnforceInputProjection { get; init; }

    /// <summary>Weight of the class loss and cost.</summary>
    public double ClassWeight { get; init; } = 2;

    /// <summary>Weight of the binary cross-entropy of masks.</summary>
    public double MaskWeight { get; init; } = 5;

    /// <summary>Weight of the dice loss of masks.</summary>
    public double DiceWeight { get; init; } = 5;

    /// <summary>Weight of unmatched queries inside the class loss.</summary>
    public double NoObjectWeight { get; init; } = 0.1;

    /// <summary>Points at which a mask is compared with its target.</summary>
    public int TrainPoints { get; init; } = 12544;

    /// <summary>How many times more points are drawn than used, to find the uncertain ones.</summary>
    public double OversampleRatio { get; init; } = 3;

    /// <summary>Share of the points that are the most uncertain ones.</summary>
    public double ImportanceRatio { get; init; } = 0.75;

    /// <summary>
    /// The small model for 128x128 pixels: 1.6 million parameters with the mini backbone, d = 64, one encoder and three decoder layers,
    /// four heads, 24 queries.
    /// </summary>
    /// <param name="labels">Class names.</param>
    public static Mask2FormerConfig Small(IReadOnlyList<string> labels) => new()
    {
        Backbone = ResNetConfig.Mini,
        Labels = labels,
        FeatureSize = 64,
        MaskFeatureSize = 64,
        HiddenSize = 64,
        EncoderFeedForward = 256,
        EncoderLayers = 1,
        DecoderFeedForward = 256,
        DecoderLayers = 3,
        Heads = 4,
        Queries = 24,
        TrainPoints = 1024,
    };

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <exception cref="FreeMaskException">The file is not a Mask2Former configuration, or asks for something that is not
    /// supported.</exception>
    public static Mask2FormerConfig Load(string path) => FromJson(JsonFields.Load(path), path);

    /// <summary>Parses the text of a <c>config.json</c>.</summary>
    /// <exception cref="FreeMaskException">As <see cref="Load"/>.</exception>
    public static Mask2FormerConfig Parse(string text, string origin) => FromJson(JsonFields.Parse(text, origin), origin);

    /// <summary>The text of a <c>config.json</c> that Hugging Face's <c>transformers</c> reads.</summary>
    public string ToJson()
    {
        var json = new JsonObject
        {
            ["activation_function"] = "relu",
            ["architectures"] = new JsonArray(Architecture),
            ["backbone"] = null,
            ["backbone_config"] = Backbone.ToJson(),
            ["class_weight"] = JsonFields.Real(ClassWeight),
            ["common_stride"] = 4,
            ["decoder_layers"] = DecoderLayers + 1,
            ["dice_weight"] = JsonFields.Real(DiceWeight),
            ["dim_feedforward"] = DecoderFeedForward,
            ["dropout"] = JsonFields.Real(0),
            ["dtype"] = "float32",
            ["encoder_feedforward_dim"] = EncoderFeedForward,
            ["encoder_layers"] = EncoderLayers,
            ["enforce_input_projection"] = EnforceInputProjection,
            ["feature_size"] = FeatureSize,
            ["feature_strides"] = JsonFields.Array([4, 8, 16, 32]),
            ["hidden_dim"] = HiddenSize,
            ["ignore_value"] = 255,
            ["importance_sample_ratio"] = JsonFields.Real(ImportanceRatio),
            ["init_std"] = JsonFields.Real(0.02),
            ["init_xavier_std"] = JsonFields.Real(1),
            ["mask_feature_size"] = MaskFeatureSize,
            ["mask_weight"] = JsonFields.Real(MaskWeight),
            ["model_type"] = "mask2former",
            ["no_object_weight"] = JsonFields.Real(NoObjectWeight),
            ["num_attention_heads"] = Heads,
            ["num_hidden_layers"] = DecoderLayers + 1,
            ["num_queries"] = Queries,
            ["oversample_ratio"] = JsonFields.Real(OversampleRatio),
            ["pre_norm"] = false,
            ["train_num_points"] = TrainPoints,
            ["use_auxiliary_loss"] = true,
            ["use_pretrained_backbone"] = false,
            ["use_timm_backbone"] = false,
        };
        JsonFields.AddLabels(json, Labels);
        return JsonFields.Format(json);
    }

    private static Mask2FormerConfig FromJson(JsonObject json, string origin)
    {
        var fields = new JsonFields(json, origin);
        fields.RequireText("model_type", "mask2former");
        fields.RequireText("activation_function", "relu");
        if (fields.Flag("pre_norm", false))
            throw new FreeMaskException($"{origin}: pre_norm is true; only layer norms after each part are supported.");
        if (json["backbone_config"] is not JsonObject backbone)
            throw new FreeMaskException(
                $"{origin} has no backbone_config; models whose backbone comes from timm or by name are not supported."
            );
        var config = new Mask2FormerConfig
        {
            Backbone = BackboneConfig.FromJson(backbone, origin),
            Labels = fields.Labels() ?? throw new FreeMaskException($"{origin} has no id2label."),
            FeatureSize = fields.Int("feature_size", 256),
            MaskFeatureSize = fields.Int("mask_feature_size", 256),
            HiddenSize = fields.Int("hidden_dim", 256),
            EncoderFeedForward = fields.Int("encoder_feedforward_dim", 1024),
            EncoderLayers = fields.Int("encoder_layers", 6),
            DecoderFeedForward = fields.Int("dim_feedforward", 2048),
            DecoderLayers = fields.Int("decoder_layers", 10) - 1,
            Heads = fields.Int("num_attention_heads", 8),
            Queries = fields.Int("num_queries", 100),
            EnforceInputProjection = fields.Flag("enforce_input_projection", false),
            ClassWeight = fields.Number("class_weight", 2),
            MaskWeight = fields.Number("mask_weight", 5),
            DiceWeight = fields.Number("dice_weight", 5),
            NoObjectWeight = fields.Number("no_object_weight", 0.1),
            TrainPoints = fields.Int("train_num_points", 12544),
            OversampleRatio = fields.Number("oversample_ratio", 3),
            ImportanceRatio = fields.Number("importance_sample_ratio", 0.75),
        };
        if (config.FeatureSize % NormGroups != 0)
            throw new FreeMaskException(
                $"{origin}: feature_size is {config.FeatureSize}; it must be a multiple of {NormGroups}, the number of norm groups."
            );
        if (config.FeatureSize % config.Heads != 0 || config.HiddenSize % config.Heads != 0)
            throw new FreeMaskException(
                $"{origin}: feature_size and hidden_dim must be multiples of num_attention_heads ({config.Heads})."
            );
        return config;
    }
}
