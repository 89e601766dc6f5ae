using System.Text.Json.Nodes;
using FreeMask.Json;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>The shape of an image backbone, in the terms of its Hugging Face configuration.</summary>
internal abstract record BackboneConfig
{
    /// <summary>The maps that a segmenter needs: all four.</summary>
    private protected static readonly string[] StageNames = ["stem", "stage1", "stage2", "stage3", "stage4"];

    /// <summary>The <c>model_type</c> of its configuration.</summary>
    internal abstract string Kind { get; }

    /// <summary>Makes the backbone; its weights are zero until they are initialized or loaded.</summary>
    internal abstract Backbone Create();

    /// <summary>The object as Hugging Face writes it.</summary>
    internal abstract JsonObject ToJson();

    /// <summary>Reads the object of a <c>config.json</c> (or its <c>backbone_config</c>).</summary>
    /// <exception cref="FreeMaskException">A field is missing or has a value that is not supported.</exception>
    internal static BackboneConfig FromJson(JsonObject json, string origin) => new JsonFields(json, origin).Text("model_type", "") switch
    {
        "resnet" => ResNetConfig.FromJson(json, origin),
        "swin" => SwinConfig.FromJson(json, origin),
        var other => throw new FreeMaskException(
                $"{origin}: the backbone's model_type is '{other}'; only 'resnet' and 'swin' are supported."
            ),
    };

    /// <summary>Adds the fields of a backbone that gives its four maps.</summary>
    private protected static JsonObject WithStages(JsonObject json)
    {
        json["out_features"] = new JsonArray([.. StageNames.Skip(1).Select(name => (JsonNode?)name)]);
        json["out_indices"] = JsonFields.Array([1, 2, 3, 4]);
        json["stage_names"] = new JsonArray([.. StageNames.Select(name => (JsonNode?)name)]);
        return json;
    }
}

/// <summary>Turns an image [n, 3, h, w] into feature maps at strides 4, 8, 16 and 32.</summary>
internal abstract class Backbone(string name) : NamedModule<Tensor, Tensor[]>(name)
{
    /// <summary>Channels of the four maps.</summary>
    internal abstract IReadOnlyList<int> Channels { get; }

    /// <summary>Draws fresh weights, as transformers does.</summary>
    internal abstract void Initialize(ulong seed);
}
