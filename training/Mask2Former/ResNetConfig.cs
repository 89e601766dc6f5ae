using System.Text.Json.Nodes;
using FreeMask.Json;

namespace FreeMask.Training.Mask2Former;

/// <summary>The two residual layers of ResNet (He et al., "Deep residual learning for image recognition", figure 5).</summary>
internal enum ResNetLayerType
{
    /// <summary>Two 3x3 convolutions.</summary>
    Basic,

    /// <summary>1x1, 3x3, 1x1 convolutions, the middle one a quarter as wide.</summary>
    Bottleneck,
}

/// <summary>A ResNet in the terms of Hugging Face's <c>ResNetConfig</c>.</summary>
/// <param name="EmbeddingSize">Channels of the 7x7 stem.</param>
/// <param name="HiddenSizes">Channels of the four stages, at strides 4, 8, 16 and 32.</param>
/// <param name="Depths">Layers of each stage.</param>
/// <param name="LayerType">Basic or bottleneck.</param>
/// <param name="DownsampleInBottleneck">Whether the stride sits in the first 1x1 convolution instead of the 3x3.</param>
/// <param name="DownsampleInFirstStage">Whether the first stage halves the resolution too.</param>
internal sealed record ResNetConfig(
    int EmbeddingSize,
    IReadOnlyList<int> HiddenSizes,
    IReadOnlyList<int> Depths,
    ResNetLayerType LayerType = ResNetLayerType.Basic,
    bool DownsampleInBottleneck = false,
    bool DownsampleInFirstStage = false) : BackboneConfig
{
    /// <inheritdoc />
    internal override string Kind => "resnet";

    /// <summary>The backbone of the mini bundle, for 128x128 pixels: 24-48-96-160 channels, two basic layers a stage.</summary>
    public static ResNetConfig Mini { get; } = new(24, [24, 48, 96, 160], [2, 2, 2, 2]);

    /// <summary>ResNet-18: 11 million parameters, two basic layers a stage.</summary>
    public static ResNetConfig ResNet18 { get; } = new(64, [64, 128, 256, 512], [2, 2, 2, 2]);

    /// <summary>ResNet-50: 24 million parameters, bottleneck layers.</summary>
    public static ResNetConfig ResNet50 { get; } = new(64, [256, 512, 1024, 2048], [3, 4, 6, 3], ResNetLayerType.Bottleneck);

    /// <summary>Reads the object of a <c>config.json</c> (or its <c>backbone_config</c>).</summary>
    /// <exception cref="FreeMaskException">A field is missing or has a value that is not supported.</exception>
    internal static new ResNetConfig FromJson(JsonObject json, string origin)
    {
        var fields = new JsonFields(json, origin);
        fields.RequireText("hidden_act", "relu");
        var config = new ResNetConfig(
            fields.Int("embedding_size", 64),
            fields.Ints("hidden_sizes", [256, 512, 1024, 2048]),
            fields.Ints("depths", [3, 4, 6, 3]),
            fields.Text("layer_type", "bottleneck") switch
            {
                "basic" => ResNetLayerType.Basic,
                "bottleneck" => ResNetLayerType.Bottleneck,
                var other => throw new FreeMaskException($"{origin}: layer_type is '{other}', expected 'basic' or 'bottleneck'."),
            },
            fields.Flag("downsample_in_bottleneck", false),
            fields.Flag("downsample_in_first_stage", false));
        if (config.HiddenSizes.Count != 4 || config.Depths.Count != 4)
            throw new FreeMaskException($"{origin}: hidden_sizes and depths must have four numbers each (strides 4, 8, 16, 32).");
        return config;
    }

    /// <inheritdoc />
    internal override Backbone Create() => new ResNetBackbone(this);

    /// <inheritdoc />
    internal override JsonObject ToJson() => WithStages(new JsonObject
    {
        ["depths"] = JsonFields.Array(Depths),
        ["downsample_in_bottleneck"] = DownsampleInBottleneck,
        ["downsample_in_first_stage"] = DownsampleInFirstStage,
        ["embedding_size"] = EmbeddingSize,
        ["hidden_act"] = "relu",
        ["hidden_sizes"] = JsonFields.Array(HiddenSizes),
        ["layer_type"] = LayerType == ResNetLayerType.Basic ? "basic" : "bottleneck",
        ["model_type"] = Kind,
        ["num_channels"] = 3,
    });
}
