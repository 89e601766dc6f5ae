using System.Text.Json;

namespace FreeMask.Json;

/// <summary>Reads the JSON files of a model folder, with errors that name the file.</summary>
internal static class JsonFile
{
    internal static JsonDocument Read(string path) =>
        ReadIfThere(path) ?? throw new FreeMaskException($"{path} does not exist.");

    internal static JsonDocument? ReadIfThere(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return JsonDocument.Parse(PythonJson.ReadFile(path));
        }
        catch (JsonException e)
        {
            throw new FreeMaskException($"{path} is not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>A number, or null where the property is absent or null.</summary>
    internal static double? Number(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : null;

    /// <summary>A boolean, or null where the property is absent or null.</summary>
    internal static bool? Flag(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(name, out var value)
        && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? element.GetProperty(name).GetBoolean()
            : null;

    /// <summary>A text, or null where the property is absent or null.</summary>
    internal static string? Text(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
