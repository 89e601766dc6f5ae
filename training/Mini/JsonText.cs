using System.Text.Encodings.Web;
using System.Text.Json;

namespace FreeMask.Training.Mini;

/// <summary>How the bundle's JSON files are written: non-ASCII and <c>&lt;</c> as they are, as the public tools write them.</summary>
internal static class JsonText
{
    internal static JsonSerializerOptions Relaxed { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static JsonSerializerOptions Indented { get; } = new(Relaxed) { WriteIndented = true };
}
