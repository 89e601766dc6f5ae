using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FreeMask.Dashboard.Editing;

/// <summary>Completes run files by their JSON Schema: keys of the section at the caret, and values that the schema names.</summary>
/// <param name="schema">The schema.</param>
internal sealed class RunFileSuggestions(JsonObject schema)
{
    // Words that YAML takes for something other than text.
    private static readonly HashSet<string> Reserved =
        new(["", "~", "null", "true", "false", "yes", "no", "on", "off"], StringComparer.OrdinalIgnoreCase);

    /// <summary>What fits a place.</summary>
    /// <param name="text">The text of a run file, which may be incomplete.</param>
    /// <param name="line">The line of the caret, from 1.</param>
    /// <param name="column">The column of the caret, from 1; UTF-16 code units.</param>
    internal SuggestionList Find(string text, int line, int column)
    {
        var place = YamlScanner.Find(text, line - 1, column - 1);
        var found = place.Kind switch
        {
            YamlPlaceKind.Key => Keys(place),
            YamlPlaceKind.Value => Values(place),
            YamlPlaceKind.Entry => Keys(place).Concat(Values(place)).Concat(Entries(place)),
            _ => [],
        };
        return new SuggestionList(place.Line + 1, place.From + 1, place.To + 1, Ordered(found.DistinctBy(s => s.Text), place.Prefix));
    }

    private IEnumerable<Suggestion> Keys(YamlPlace place) =>
        from node in SchemaNode.At(schema, place.Path)
        from key in node.Keys
        where !place.Siblings.Contains(key.Name)
        select KeyOf(key.Name, key.Schema, place);

    private static Suggestion KeyOf(string name, JsonObject schema, YamlPlace place)
    {
        var isSection = schema["properties"] is JsonObject;
        var insert = place.HasColon || place.IsQuoted ? name
            : isSection && !place.IsFlow ? $"{name}:\n{new string(' ', place.From + 2)}"
            : $"{name}: ";
        return new Suggestion(
            name,
            insert,
            isSection ? SuggestionKind.Section : SuggestionKind.Key,
            SchemaNode.DetailOf(schema),
            SchemaNode.DescriptionOf(schema)
        );
    }

    private IEnumerable<Suggestion> Values(YamlPlace place) =>
        from node in SchemaNode.At(schema, place.Path)
        from value in node.Values
        select ValueOf(value.Value, value.Description, "", place);

    /// <summary>Entries of the list whose key is in a line above.</summary>
    private IEnumerable<Suggestion> Entries(YamlPlace place) =>
        from node in SchemaNode.At(schema, place.Path)
        from entry in node.Entries
        from value in entry.Values
        select ValueOf(value.Value, value.Description, "- ", place);

    private static Suggestion ValueOf(JsonNode value, string description, string before, YamlPlace place)
    {
        var isText = value.GetValueKind() == JsonValueKind.String;
        var text = isText ? value.GetValue<string>() : value.ToJsonString();
        var written = isText && !place.IsQuoted ? Plain(text) : text;
        return new Suggestion(before + text, before + written, SuggestionKind.Value, "", description);
    }

    private static string Plain(string text) =>
        Reserved.Contains(text) || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? $"\"{text}\"" : text;

    /// <summary>Words that begin as what is written, then those that hold it; each in the order of the schema.</summary>
    private static List<Suggestion> Ordered(IEnumerable<Suggestion> found, string prefix) =>
    [
        .. found.Select(suggestion => (Suggestion: suggestion, At: suggestion.Text.IndexOf(prefix, StringComparison.OrdinalIgnoreCase)))
            .Where(item => item.At >= 0)
            .OrderBy(item => item.At > 0)
            .Select(item => item.Suggestion),
    ];
}
