using System.Text.Json.Nodes;

namespace FreeMask.Dashboard.Editing;

/// <summary>A part of a JSON Schema: one of the alternatives at its place.</summary>
/// <param name="Schema">The schema.</param>
/// <param name="Description">Its description, or that of the place that it is an alternative of.</param>
internal readonly record struct SchemaNode(JsonObject Schema, string Description)
{
    /// <summary>The alternatives at a path; none where the schema allows nothing.</summary>
    internal static IReadOnlyList<SchemaNode> At(JsonObject root, IEnumerable<string> path)
    {
        List<SchemaNode> nodes = [.. Alternatives(root, "")];
        foreach (var step in path) nodes = [.. nodes.SelectMany(node => step == YamlPlace.Item ? node.Entries : node.Below(step))];
        return nodes;
    }

    /// <summary>The keys of a map with their schemas; none if the value is no map.</summary>
    internal IEnumerable<(string Name, JsonObject Schema)> Keys =>
        Schema["properties"] is JsonObject keys
            ? keys.Where(key => key.Value is JsonObject).Select(key => (key.Key, (JsonObject)key.Value!))
            : [];

    /// <summary>The alternatives of a list's entries; none if the value is no list.</summary>
    internal IEnumerable<SchemaNode> Entries => Schema["items"] is JsonObject entry ? Alternatives(entry, Description) : [];

    /// <summary>Values that the schema names, with their meaning.</summary>
    internal IEnumerable<(JsonNode Value, string Description)> Values
    {
        get
        {
            if (Schema["const"] is { } only) yield return (only, Description);
            if (Schema["enum"] is JsonArray words)
            {
                var meanings = Schema["enumDescriptions"] as JsonArray;
                for (var i = 0; i < words.Count; i++)
                    if (words[i] is { } word) yield return (word, TextOf(i < meanings?.Count ? meanings[i] : null, Description));
            }

            if (!Types(Schema).Contains("boolean")) yield break;
            yield return (JsonValue.Create(true), Description);
            yield return (JsonValue.Create(false), Description);
        }
    }

    /// <summary>The description of a schema; empty if there is none.</summary>
    internal static string DescriptionOf(JsonObject schema) => TextOf(schema["description"], "");

    /// <summary>Type, range and default of a value in one line; empty if the schema says nothing.</summary>
    internal static string DetailOf(JsonObject schema)
    {
        var types = string.Join(" or ", Types(schema).Where(type => type is not ("null" or "object")));
        var value = string.Join(", ", new[] { types, RangeOf(schema) }.Where(part => part.Length > 0));
        var initial = schema["default"] is { } given ? $"default {given.ToJsonString()}" : "";
        return string.Join("; ", new[] { value, initial }.Where(part => part.Length > 0));
    }

    private static string RangeOf(JsonObject schema)
    {
        if (schema["minimum"] is { } least && schema["maximum"] is { } most) return $"{least} to {most}";
        (string Name, string Words)[] bounds =
            [("minimum", "at least"), ("exclusiveMinimum", "more than"), ("maximum", "at most"), ("exclusiveMaximum", "less than")];
        return string.Join(", ", from bound in bounds where schema[bound.Name] is not null select $"{bound.Words} {schema[bound.Name]}");
    }

    private IEnumerable<SchemaNode> Below(string key) =>
        Keys.Where(property => property.Name == key).SelectMany(property => Alternatives(property.Schema, ""));

    private static IEnumerable<SchemaNode> Alternatives(JsonObject schema, string description)
    {
        description = TextOf(schema["description"], description);
        yield return new SchemaNode(schema, description);
        foreach (var name in (string[])["anyOf", "oneOf", "allOf"])
            if (schema[name] is JsonArray parts)
                foreach (var node in parts.OfType<JsonObject>().SelectMany(part => Alternatives(part, description))) yield return node;
    }

    private static IEnumerable<string> Types(JsonObject schema) => schema["type"] switch
    {
        JsonArray several => several.Select(type => $"{type}"),
        { } one => [$"{one}"],
        null => [],
    };

    private static string TextOf(JsonNode? node, string otherwise) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : otherwise;
}
