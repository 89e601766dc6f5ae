using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FreeMask.Json;

/// <summary>Reads fields of a Hugging Face configuration; an absent or null field has the library's default.</summary>
internal sealed class JsonFields(JsonObject json, string origin)
{
    internal static JsonObject Load(string path)
    {
        if (!File.Exists(path))
            throw new FreeMaskException($"{path} does not exist; a model folder holds config.json and model.safetensors.");
        return Parse(File.ReadAllText(path), path);
    }

    internal static JsonObject Parse(string text, string origin)
    {
        try
        {
            return JsonNode.Parse(PythonJson.Mend(text)) as JsonObject ?? throw new FreeMaskException($"{origin} is not a JSON object.");
        }
        catch (JsonException e)
        {
            throw new FreeMaskException($"{origin} is not valid JSON: {e.Message}", e);
        }
    }

    internal static string Format(JsonObject json) => json.ToJsonString(JsonFormats.IndentedAscii) + "\n";

    /// <summary>A number that readers with strict types take for a floating-point number: 2 is written 2.0.</summary>
    internal static JsonNode Real(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return JsonNode.Parse(text.All(c => char.IsAsciiDigit(c) || c == '-') ? text + ".0" : text)!;
    }

    internal static JsonArray Array(IEnumerable<int> values) => new([.. values.Select(v => (JsonNode?)v)]);

    /// <summary>The names of classes 0, 1, ... of <c>id2label</c>; null where it is absent.</summary>
    internal IReadOnlyList<string>? Labels()
    {
        if (json["id2label"] is not JsonObject table) return null;
        var names = new string[table.Count];
        foreach (var (key, name) in table)
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= names.Length)
                throw new FreeMaskException($"{origin}: id2label has the key '{key}'; expected 0 to {names.Length - 1}.");
            names[index] = name?.GetValue<string>() ?? "";
        }

        return names;
    }

    internal static void AddLabels(JsonObject json, IReadOnlyList<string> labels)
    {
        var names = new JsonObject();
        var ids = new JsonObject();
        for (var i = 0; i < labels.Count; i++)
        {
            names[i.ToString(CultureInfo.InvariantCulture)] = labels[i];
            ids[labels[i]] = i;
        }

        json["id2label"] = names;
        json["label2id"] = ids;
    }

    internal int Int(string name, int fallback) => Value(name, fallback);

    internal double Number(string name, double fallback) => Value(name, fallback);

    internal bool Flag(string name, bool fallback) => Value(name, fallback);

    internal string Text(string name, string fallback) => Value(name, fallback);

    internal IReadOnlyList<int> Ints(string name, IReadOnlyList<int> fallback) =>
        json[name] is JsonArray array ? [.. array.Select(item => Convert<int>(item!, name))] : fallback;

    internal void RequireText(string name, string only)
    {
        if (Text(name, only) is var found && found != only)
            throw new FreeMaskException($"{origin}: {name} is '{found}'; only '{only}' is supported.");
    }

    internal void RequireInt(string name, int only)
    {
        if (Int(name, only) is var found && found != only)
            throw new FreeMaskException($"{origin}: {name} is {found}; only {only} is supported.");
    }

    private T Value<T>(string name, T fallback) => json[name] is { } node ? Convert<T>(node, name) : fallback;

    private T Convert<T>(JsonNode node, string name)
    {
        try
        {
            return node.GetValue<T>();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new FreeMaskException($"{origin}: {name} is {node.ToJsonString()}, expected a value of type {typeof(T).Name}.", e);
        }
    }
}
