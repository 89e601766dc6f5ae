using System.Text.Json;
using Xunit;

namespace FreeMask.Cli.Tests.Terminal;

/// <summary>
/// Checks documents against <c>docs/output.schema.json</c>: the keywords that it uses, and besides that every property of a document is
/// described there. That is stricter than the schema is for readers, who ignore what they do not know.
/// </summary>
internal static class OutputSchema
{
    private static readonly JsonElement Root = JsonDocument
        .Parse(File.ReadAllText(Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "docs", "output.schema.json")))
        .RootElement;

    private static JsonElement Verbs => Root.GetProperty("$defs").GetProperty("verbs");

    internal static IEnumerable<string> VerbNames => Verbs.EnumerateObject().Select(verb => verb.Name);

    /// <summary>Asserts that a document is what the schema says of the verb that the arguments name.</summary>
    internal static void Check(IReadOnlyList<string> arguments, string text)
    {
        var document = JsonDocument.Parse(text).RootElement;
        var verb =
            arguments.Count > 1 && Verbs.TryGetProperty($"{arguments[0]} {arguments[1]}", out var two) ? two
            : Verbs.TryGetProperty(arguments[0], out var one) ? one
            : Root.GetProperty("$defs").GetProperty("error");
        var expected = document.TryGetProperty("error", out _) ? Root.GetProperty("$defs").GetProperty("error") : verb;
        var problems = Problems(document, expected, "$").ToList();
        Assert.True(problems.Count == 0, $"freemask {string.Join(' ', arguments)}:\n{string.Join('\n', problems)}\n{text}");
    }

    private static IEnumerable<string> Problems(JsonElement value, JsonElement schema, string path)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            var found = keyword.Name switch
            {
                "$ref" => Problems(value, Resolve(keyword.Value.GetString()!), path),
                "anyOf" => AnyOf(value, keyword.Value, path),
                "type" => IsOf(value, keyword.Value.GetString()!) ? [] : [$"{path} is {value.ValueKind}, not {keyword.Value}"],
                "const" => JsonElement.DeepEquals(value, keyword.Value) ? [] : [$"{path} is {value}, not {keyword.Value}"],
                "enum" => keyword.Value.EnumerateArray().Any(item => JsonElement.DeepEquals(item, value))
                    ? []
                    : [$"{path} is {value}, not one of {keyword.Value}"],
                "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= keyword.Value.GetDouble()
                    ? []
                    : [$"{path} is {value}, less than {keyword.Value}"],
                "items" => value.ValueKind == JsonValueKind.Array
                    ? value.EnumerateArray().SelectMany((item, i) => Problems(item, keyword.Value, $"{path}[{i}]"))
                    : [],
                "required" => keyword
                    .Value.EnumerateArray()
                    .Where(name => value.ValueKind == JsonValueKind.Object && !value.TryGetProperty(name.GetString()!, out _))
                    .Select(name => $"{path} has no {name}"),
                "properties" => Properties(value, schema, path),
                "additionalProperties" => keyword.Value.ValueKind == JsonValueKind.Object
                && !schema.TryGetProperty("properties", out _)
                && value.ValueKind == JsonValueKind.Object
                    ? value.EnumerateObject().SelectMany(item => Problems(item.Value, keyword.Value, $"{path}.{item.Name}"))
                    : [],
                "format" => value.ValueKind != JsonValueKind.String || value.TryGetDateTimeOffset(out _) ? [] : [$"{path} is no time"],
                "description" or "title" => [],
                _ => throw new NotSupportedException($"The checker does not know the keyword {keyword.Name}."),
            };
            foreach (var problem in found) yield return problem;
        }
    }

    private static IEnumerable<string> AnyOf(JsonElement value, JsonElement schemas, string path)
    {
        var tried = schemas.EnumerateArray().Select(schema => Problems(value, schema, path).ToList()).ToList();
        return tried.Any(problems => problems.Count == 0) ? [] : tried.MinBy(problems => problems.Count)!;
    }

    private static IEnumerable<string> Properties(JsonElement value, JsonElement schema, string path)
    {
        if (value.ValueKind != JsonValueKind.Object) yield break;
        var known = schema.GetProperty("properties");
        foreach (var item in value.EnumerateObject())
        {
            if (known.TryGetProperty(item.Name, out var own))
                foreach (var problem in Problems(item.Value, own, $"{path}.{item.Name}")) yield return problem;
            else if (!schema.TryGetProperty("additionalProperties", out _)) yield return $"{path}.{item.Name} stands in no document";
        }
    }

    private static bool IsOf(JsonElement value, string type) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && (value.TryGetInt64(out _) || value.TryGetUInt64(out _)),
        "array" => value.ValueKind == JsonValueKind.Array,
        _ => value.ValueKind == JsonValueKind.Object,
    };

    private static JsonElement Resolve(string reference)
    {
        var at = Root;
        foreach (var part in reference.Split('/').Skip(1)) at = at.GetProperty(part);
        return at;
    }
}
