using System.Text.Encodings.Web;
using System.Text.Json;

namespace FreeMask.Json;

/// <summary>JSON as the public model tools write it: non-ASCII characters and <c>&lt;</c> are not escaped.</summary>
internal static class JsonFormats
{
    internal static JsonSerializerOptions Relaxed { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static JsonSerializerOptions Indented { get; } = new(Relaxed) { WriteIndented = true };
}
