using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Grains.RunSpecs;
using FreeMask.Json;

namespace FreeMask.Cli.RunFiles;

/// <summary>The JSON Schema (2020-12) of run files, from <see cref="RunKeys"/>. Editors complete and check run files with it.</summary>
internal static class RunFileJsonSchema
{
    /// <summary>The name of the file that holds the schema.</summary>
    internal const string FileName = "run-file.schema.json";

    /// <summary>The schema as text that ends with a line break.</summary>
    internal static string Text => Write(Create());

    /// <summary>A schema as text that ends with a line break.</summary>
    internal static string Write(JsonObject schema) => $"{schema.ToJsonString(JsonFormats.Indented)}\n";

    /// <summary>The first line of a run file, which tells editors where its schema is.</summary>
    internal static string Comment(string schemaPath) => $"# yaml-language-server: $schema={schemaPath}";

    /// <summary>The schema as a document.</summary>
    internal static JsonObject Create()
    {
        var root = Section("", "A run file of FreeMask: what to make, how, and how much.");
        foreach (var section in RunKeys.All.Select(key => key.Section).Where(section => section.Length > 0).Distinct())
        {
            var schema = Section(section, RunKeys.Sections[section]);
            // A section without keys is null in YAML.
            schema["type"] = Array("object", "null");
            root["properties"]![section] = schema;
        }

        root.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        root.Insert(1, "title", "FreeMask run file");
        return root;
    }

    private static JsonObject Section(string name, string description)
    {
        var keys = RunKeys.All.Where(key => key.Section == name).ToArray();
        var schema = new JsonObject { ["description"] = description, ["type"] = "object", ["additionalProperties"] = false };
        if (keys.Where(key => key.IsRequired).Select(key => key.Name).ToArray() is { Length: > 0 } required)
            schema["required"] = Array(required);
        schema["properties"] = new JsonObject(keys.Select(key => KeyValuePair.Create(key.Name, (JsonNode?)Value(key))));
        return schema;
    }

    private static JsonObject Value(RunKey key)
    {
        var schema = new JsonObject { ["description"] = Description(key) };
        if (key.Default is { } value) schema["default"] = Json(value);
        switch (key.Type)
        {
            case RunKeyType.Text when key.Words.IsEmpty:
                Type(schema, "string", key);
                if (!key.IsOptional) schema["minLength"] = 1;
                if (key.MaxLength is { } length) schema["maxLength"] = length;
                break;
            case RunKeyType.Text:
                schema["anyOf"] = new JsonArray(
                    Enumeration(new JsonObject(), key),
                    new JsonObject { ["type"] = "string", ["minLength"] = 1 }
                );
                break;
            case RunKeyType.Word:
                Enumeration(schema, key);
                break;
            case RunKeyType.Seed:
                (schema["type"], schema["minimum"], schema["maximum"]) = ("integer", 0, ulong.MaxValue);
                break;
            case RunKeyType.Integer:
                Type(schema, "integer", key);
                Range(schema, key);
                break;
            case RunKeyType.Number:
                Type(schema, "number", key);
                Range(schema, key);
                break;
            case RunKeyType.Flag:
                schema["type"] = "boolean";
                break;
            case RunKeyType.List:
                schema["anyOf"] = Lists(key);
                break;
            default:
                throw new NotSupportedException($"There is no schema for values of type {key.Type} ({key.Path}).");
        }

        return schema;
    }

    /// <summary>A list, or its only entry, or the word that stands for a list.</summary>
    private static JsonArray Lists(RunKey key)
    {
        var list = new JsonObject { ["type"] = "array", ["items"] = Entry(key) };
        if (key.MinItems > 0) list["minItems"] = key.MinItems;
        JsonArray forms = [list, Entry(key)];
        if (key.Shorthand is { } shorthand) forms.Insert(0, new JsonObject { ["const"] = shorthand.Word });
        return forms;
    }

    private static JsonObject Entry(RunKey key) =>
        key.Words.IsEmpty ? new() { ["type"] = "string", ["minLength"] = 1 } : Enumeration(new(), key);

    /// <summary>The words of a key, each with its meaning, which editors show (a keyword of theirs: validators ignore it).</summary>
    private static JsonObject Enumeration(JsonObject schema, RunKey key)
    {
        schema["enum"] = Words(key);
        if (key.Type == RunKeyType.Word && key.IsOptional) schema["enum"]!.AsArray().Add(null);
        if (key.Words.Any(word => word.Meaning.Length > 0)) schema["enumDescriptions"] = Array([.. key.Words.Select(word => word.Meaning)]);
        return schema;
    }

    private static void Type(JsonObject schema, string type, RunKey key) => schema["type"] = key.IsOptional ? Array(type, "null") : type;

    private static void Range(JsonObject schema, RunKey key)
    {
        if (key.Range is { } range)
        {
            schema[range.ExcludesMinimum ? "exclusiveMinimum" : "minimum"] = range.Minimum;
            schema[range.ExcludesMaximum ? "exclusiveMaximum" : "maximum"] = range.Maximum;
        }

        if (key.MultipleOf > 1) schema["multipleOf"] = key.MultipleOf;
    }

    /// <summary>The description of a key: meaning, unit, accepted words, and a default that is not a constant.</summary>
    private static string Description(RunKey key)
    {
        var parts = new List<string> { key.Description };
        if (key.Unit.Length > 0) parts.Add($"Unit: {key.Unit}.");
        IEnumerable<RunKeyWord> words = key.Shorthand is null ? key.Words : key.Words.Append(key.Shorthand);
        if (words.Where(word => word.Meaning.Length > 0).ToArray() is { Length: > 0 } explained)
            parts.Add($"{string.Join("; ", explained.Select(word => $"{word.Word}: {word.Meaning}"))}.");
        if (key.DefaultDescription.Length > 0) parts.Add($"Default: {key.DefaultDescription}.");
        return string.Join(' ', parts);
    }

    private static JsonArray Words(RunKey key) => Array([.. key.Words.Select(word => word.Word)]);

    private static JsonNode Json(object value) =>
        value is ImmutableArray<string> list ? Array([.. list]) : JsonSerializer.SerializeToNode(value)!;

    private static JsonArray Array(params string[] values) => [.. values.Select(value => JsonValue.Create(value))];
}
