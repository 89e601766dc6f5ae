using System.Text.Encodings.Web;
using System.Text.Json;

namespace FreeMask.Json;

/// <summary>How JSON is written.</summary>
internal static class JsonFormats
{
    /// <summary>As the public model tools write it: in one line, non-ASCII characters and <c>&lt;</c> are not escaped.</summary>
    internal static JsonSerializerOptions Relaxed { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The same with line breaks and indents.</summary>
    internal static JsonSerializerOptions Indented { get; } = new(Relaxed) { WriteIndented = true, NewLine = "\n" };

    /// <summary>With line breaks and indents; non-ASCII characters are escaped. The files of models, whose hashes name them.</summary>
    internal static JsonSerializerOptions IndentedAscii { get; } = new() { WriteIndented = true };
}
