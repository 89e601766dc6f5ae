using System.Text.Json;

namespace FreeMask.Vision.Thesaurus;

/// <summary>Reads the captions of the usual corpora.</summary>
internal static class CaptionFile
{
    /// <summary>
    /// Captions, one after the other. A <c>.json</c> file is COCO's (<c>annotations[].caption</c>); any other is text with one caption a
    /// line:
    /// plain, after an image number and a space (COCO lists), or after a tab (Flickr8k, Flickr30k). Empty lines are skipped.
    /// </summary>
    /// <exception cref="FreeMaskException">The file is absent, unreadable or holds no caption.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        try
        {
            var captions = string.Equals(Path.GetExtension(path), ".json", StringComparison.OrdinalIgnoreCase)
                ? ReadCoco(path)
                : ReadLines(path);
            return captions.Count > 0
                ? captions
                : throw new FreeMaskException($"{path} holds no caption; it needs one caption a line, or COCO's annotations[].caption.");
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FreeMaskException($"Captions cannot be read from {path}: {e.Message}", e);
        }
    }

    private static List<string> ReadLines(string path)
    {
        var captions = new List<string>();
        foreach (var line in File.ReadLines(path))
        {
            // An image or an archive has bytes that no text has; counted, it would make a thesaurus of nothing.
            if (line.AsSpan().ContainsAny('\0', '\uFFFD'))
                throw new FreeMaskException($"{path} is no text in UTF-8; captions are one a line, or COCO's annotations in a .json file.");
            var caption = WithoutKey(line).Trim();
            if (caption.Length > 0) captions.Add(caption);
        }

        return captions;
    }

    private static string WithoutKey(string line)
    {
        var tab = line.IndexOf('\t', StringComparison.Ordinal);
        if (tab >= 0) return line[(tab + 1)..];
        var digits = 0;
        while (digits < line.Length && char.IsAsciiDigit(line[digits])) digits++;
        return digits > 3 && digits < line.Length && line[digits] == ' ' ? line[(digits + 1)..] : line;
    }

    private static List<string> ReadCoco(string path)
    {
        using var stream = File.OpenRead(path);
        using var document = JsonDocument.Parse(stream);
        return
        [
            .. document
                .RootElement.GetProperty("annotations")
                .EnumerateArray()
                .Select(a => a.GetProperty("caption").GetString() ?? "")
                .Where(c => c.Length > 0),
        ];
    }
}
