using System.Text.Encodings.Web;
using System.Text.Json;

namespace FreeMask.Vision.Thesaurus;

/// <summary>The embedded files and the JSON settings that the thesaurus shares.</summary>
internal static class ThesaurusResources
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    internal static readonly JsonSerializerOptions CompactJson = new(Json) { WriteIndented = false };

    internal static string Read(string file)
    {
        var name = $"FreeMask.Vision.Thesaurus.{file}";
        using var stream = typeof(ThesaurusResources).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
