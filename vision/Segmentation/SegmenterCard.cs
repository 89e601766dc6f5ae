using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Json;

namespace FreeMask.Vision.Segmentation;

/// <summary>What a segmenter's output means.</summary>
internal enum SegmenterOutput
{
    /// <summary>Unnormalized class scores: a softmax over the classes gives probabilities.</summary>
    Logits,

    /// <summary>Scores in 0..1; they need not add up to 1.</summary>
    Scores,
}

/// <summary>
/// Describes an ONNX segmenter, in <c>card.json</c> beside <c>model.onnx</c>: input [n, 3, height, width], output [n, classes, h, w].
/// </summary>
/// <param name="Name">The model's name.</param>
/// <param name="InputName">Name of the input tensor.</param>
/// <param name="Width">Width that the model takes, in pixels.</param>
/// <param name="Height">Height that the model takes, in pixels.</param>
/// <param name="BlueFirst">Whether channels come as B, G, R instead of R, G, B.</param>
/// <param name="Normalization">Mean and deviation, in the order of the channels.</param>
/// <param name="OutputName">Name of the output tensor.</param>
/// <param name="Output">What the output means.</param>
/// <param name="Classes">Class names, in the order of the output's channels; each one's index is the label that is written.</param>
internal sealed record SegmenterCard(
    string Name,
    string InputName,
    int Width,
    int Height,
    bool BlueFirst,
    ImageNormalization Normalization,
    string OutputName,
    SegmenterOutput Output,
    IReadOnlyList<string> Classes)
{
    /// <summary>Reads a card.</summary>
    /// <exception cref="FreeMaskException">The file is missing, or a field of it is missing or wrong.</exception>
    public static SegmenterCard Load(string path)
    {
        if (!File.Exists(path)) throw new FreeMaskException($"{path} does not exist; a segmenter's folder holds model.onnx and card.json.");
        return Parse(File.ReadAllText(path), path);
    }

    /// <summary>Parses the text of a card.</summary>
    /// <exception cref="FreeMaskException">A field is missing or wrong; the message names <paramref name="origin"/>.</exception>
    public static SegmenterCard Parse(string text, string origin)
    {
        try
        {
            var json = JsonNode.Parse(PythonJson.Mend(text)) ?? throw new JsonException("it is empty");
            var (input, output, size) = (Part(json, "input"), Part(json, "output"), Part(json, "size"));
            var order = Text(input, "channel_order");
            if (order is not ("RGB" or "BGR"))
                throw new FreeMaskException($"{origin}: input.channel_order is '{order}', expected RGB or BGR.");
            var outputName = Text(output, "name");
            return new SegmenterCard(
                Text(json, "name"),
                Text(input, "name"),
                Part(size, "width").GetValue<int>(),
                Part(size, "height").GetValue<int>(),
                order == "BGR",
                new ImageNormalization(Triple(input, "mean", origin), Triple(input, "std", origin)),
                outputName,
                ((output["kind"] as JsonValue)?.ToString() ?? outputName) switch
                {
                    "logits" => SegmenterOutput.Logits,
                    "scores" => SegmenterOutput.Scores,
                    var other => throw new FreeMaskException($"{origin}: output.kind is '{other}', expected 'logits' or 'scores'."),
                },
                [.. Part(json, "classes").AsArray().Select(name => name!.GetValue<string>())]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new FreeMaskException($"{origin} is not a segmenter's card: {e.Message}", e);
        }
    }

    /// <summary>The text of the card.</summary>
    public string ToJson() => new JsonObject
    {
        ["name"] = Name,
        ["task"] = "semantic segmentation",
        ["input"] = new JsonObject
        {
            ["name"] = InputName,
            ["channel_order"] = BlueFirst ? "BGR" : "RGB",
            ["scale"] = "1/255",
            ["mean"] = Array(Normalization.Mean),
            ["std"] = Array(Normalization.Deviation),
        },
        ["output"] = new JsonObject { ["name"] = OutputName, ["kind"] = Output == SegmenterOutput.Logits ? "logits" : "scores" },
        ["size"] = new JsonObject { ["width"] = Width, ["height"] = Height },
        ["classes"] = new JsonArray([.. Classes.Select(name => (JsonNode?)name)]),
    }.ToJsonString(JsonFormats.IndentedAscii) + "\n";

    private static JsonArray Array(IReadOnlyList<float> values) => new([.. values.Select(v => (JsonNode?)v)]);

    private static JsonNode Part(JsonNode json, string name) => json[name] ?? throw new KeyNotFoundException($"it has no field '{name}'");

    private static string Text(JsonNode json, string name) => Part(json, name).GetValue<string>();

    private static float[] Triple(JsonNode json, string name, string origin)
    {
        float[] values = [.. Part(json, name).AsArray().Select(v => v!.GetValue<float>())];
        return values.Length == 3
            ? values
            : throw new FreeMaskException($"{origin}: input.{name} has {values.Length} numbers, expected 3.");
    }
}
