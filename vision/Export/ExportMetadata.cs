using System.Text.Json;
using System.Text.Json.Nodes;

namespace FreeMask.Vision.Export;

/// <summary>
/// The fields of a sample's metadata in a line of JSON. A fraction keeps its point where its value is whole (1.0): readers that take a
/// column's type from its values would see an integer in one part of a data set and a fraction in the other.
/// </summary>
internal static class ExportMetadata
{
    /// <summary>Adds the fields that the line does not have.</summary>
    /// <param name="line">The line.</param>
    /// <param name="item">The sample.</param>
    /// <param name="rename">The name that a field gets; null keeps all names.</param>
    internal static void AddTo(JsonObject line, ExportItem item, Func<string, string>? rename = null)
    {
        foreach (var (key, value) in item.Metadata ?? []) line.TryAdd(rename is null ? key : rename(key), Copy(value));
    }

    private static JsonNode? Copy(JsonNode? node) => node switch
    {
        null => null,
        JsonObject fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, Copy(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Copy)]),
        _ when node.GetValueKind() == JsonValueKind.Number && node.ToJsonString() is var text => JsonNode.Parse(
                IsFraction(node.AsValue()) && !text.Any(c => c is '.' or 'e' or 'E') ? text + ".0" : text
            ),
        _ => node.DeepClone(),
    };

    // A value that was made of a double or float says so; one that was read from JSON is what its text says.
    private static bool IsFraction(JsonValue value) =>
        !value.TryGetValue<JsonElement>(out _) && (value.TryGetValue<double>(out _) || value.TryGetValue<float>(out _));
}
