using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FreeMask.Cli.Experiments;

/// <summary>
/// Writes text as outlines, so that a picture looks the same on machines without fonts. Characters that are not among the outlines become
/// question marks.
/// </summary>
internal static class GlyphOutlines
{
    private const double UnitsPerEm = 100;
    private const char Substitute = '?';

    private static readonly Lazy<Dictionary<char, (double Advance, string Outline)>> Glyphs = new(Load);

    /// <summary>The width of a text in pixels.</summary>
    /// <param name="text">The text.</param>
    /// <param name="size">Pixels of an em.</param>
    internal static double Width(string text, double size) => text.Sum(c => Of(c).Advance) * size / UnitsPerEm;

    /// <summary>The text as SVG paths, its base line beginning at a point.</summary>
    internal static string Write(string text, double x, double y, double size, string color)
    {
        var svg = new StringBuilder();
        foreach (var character in text)
        {
            var (advance, outline) = Of(character);
            if (outline.Length > 0)
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<path fill=\"{color}\" transform=\"translate({x:0.##} {y:0.##}) scale({size / UnitsPerEm:0.####})\" d=\"{outline}\"/>"
                );
            x += advance * size / UnitsPerEm;
        }

        return svg.ToString();
    }

    private static (double Advance, string Outline) Of(char character) =>
        Glyphs.Value.TryGetValue(character, out var glyph) ? glyph : Glyphs.Value[Substitute];

    private static Dictionary<char, (double Advance, string Outline)> Load()
    {
        using var stream = typeof(GlyphOutlines).Assembly.GetManifestResourceStream("FreeMask.Cli.Experiments.glyphs.json")!;
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.EnumerateObject().ToDictionary(
            glyph => glyph.Name[0],
            glyph => (glyph.Value[0].GetDouble(), glyph.Value[1].GetString()!)
        );
    }
}
