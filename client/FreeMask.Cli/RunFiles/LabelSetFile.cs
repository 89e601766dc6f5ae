using System.Globalization;
using System.Text.Json.Nodes;
using FreeMask.Vision;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FreeMask.Cli.RunFiles;

/// <summary>Reads label sets from YAML (docs/label-sets.md).</summary>
internal static class LabelSetFile
{
    private const int LargestFile = 1 << 20;

    /// <summary>Reads a label set.</summary>
    /// <exception cref="FreeMaskException">The file is absent or no label set; every problem is in the message, one a line.</exception>
    internal static LabelSet Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw new FreeMaskException($"There is no label set '{path}': it is neither one that ships nor a file.");
        if (file.Length > LargestFile) throw new FreeMaskException($"'{path}' is no label set: it has more than {LargestFile >> 20} MiB.");
        var labels = Parse(File.ReadAllText(path), path);
        // Without a name the set has that of the file.
        return labels.Name == "file" ? new(Path.GetFileNameWithoutExtension(path), labels.Description, labels.Classes) : labels;
    }

    /// <summary>Parses a label set; <paramref name="origin"/> is used in messages.</summary>
    internal static LabelSet Parse(string text, string origin)
    {
        var findings = new RunFileFindings();
        var root = RunFileYaml.Load(text, findings);
        if (root is null)
            throw new FreeMaskException(string.Join('\n', findings.Problems.Select(p => $"{origin}:{p.Line}:{p.Column}: {p.Message}")));
        var labels = LabelSetJson.Parse(Json(root), origin);
        return labels.Name != LabelSet.OwnName && !LabelSet.BuiltIn.Contains(labels.Name)
            ? labels
            : throw new FreeMaskException($"{origin}: '{labels.Name}' is the name of a label set that ships; give it another.");
    }

    private static JsonNode? Json(YamlNode node) =>
        node switch
        {
            YamlMappingNode mapping => Object(mapping),
            YamlSequenceNode sequence => new JsonArray([.. sequence.Select(Json)]),
            YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" } => null,
            YamlScalarNode { Style: ScalarStyle.Plain } scalar
                when double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    && double.IsFinite(number) => JsonValue.Create(number),
            YamlScalarNode scalar => JsonValue.Create(scalar.Value),
            _ => null,
        };

    private static JsonObject Object(YamlMappingNode mapping)
    {
        var json = new JsonObject();
        foreach (var (key, value) in mapping.Children) json[(key as YamlScalarNode)?.Value ?? ""] = Json(value);
        return json;
    }
}
