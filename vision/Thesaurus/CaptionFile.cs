using System.Text.Json;

namespace FreeMask.Vision.Thesaurus;

/// <summary>One sentence about an image.</summary>
/// <param name="Text">The sentence.</param>
/// <param name="Image">What the corpus calls the image, the same for all of its captions; null for an image of its own.</param>
internal readonly record struct Caption(string Text, string? Image = null);

/// <summary>Reads the captions of the usual corpora.</summary>
internal static class CaptionFile
{
    /// <summary>
    /// Captions, one after the other. A <c>.json</c> file is COCO's (<c>annotations[]</c> with <c>caption</c> and <c>image_id</c>); any
    /// other is text with one caption a line: plain, after an image number and a space on each line (COCO lists), or after an image name,
    /// the number of the caption and a tab (<c>1.jpg#0</c>: Flickr8k, Flickr30k). Empty lines are skipped.
    /// </summary>
    /// <exception cref="FreeMaskException">The file is absent, unreadable or holds no caption.</exception>
    public static IReadOnlyList<Caption> Read(string path)
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

    private static List<Caption> ReadLines(string path)
    {
        // A single caption may begin with a number; a list in which all do has the numbers of images.
        var lines = File.ReadAllLines(path);
        var numbered = Array.TrueForAll(lines, line => line.Length == 0 || Digits(line) > 0);
        var captions = new List<Caption>();
        foreach (var line in lines)
        {
            // An image or an archive has bytes that no text has; counted, it would make a thesaurus of nothing.
            if (line.AsSpan().ContainsAny('\0', '\uFFFD'))
                throw new FreeMaskException($"{path} is no text in UTF-8; captions are one a line, or COCO's annotations in a .json file.");
            var caption = Parse(line, numbered);
            if (caption.Text.Length > 0) captions.Add(caption);
        }

        return captions;
    }

    private static Caption Parse(string line, bool numbered)
    {
        var tab = line.IndexOf('\t', StringComparison.Ordinal);
        if (tab >= 0) return new(line[(tab + 1)..].Trim(), line[..tab].Split('#')[0]);
        return numbered && Digits(line) is > 0 and var digits ? new(line[digits..].Trim(), line[..digits]) : new(line.Trim());
    }

    // How many digits a line begins with; 0 unless a space follows them.
    private static int Digits(string line)
    {
        var digits = 0;
        while (digits < line.Length && char.IsAsciiDigit(line[digits])) digits++;
        return digits < line.Length && line[digits] == ' ' ? digits : 0;
    }

    private static List<Caption> ReadCoco(string path)
    {
        using var stream = File.OpenRead(path);
        using var document = JsonDocument.Parse(stream);
        return
        [
            .. document
                .RootElement.GetProperty("annotations")
                .EnumerateArray()
                .Select(a => new Caption(
                    a.GetProperty("caption").GetString() ?? "",
                    a.TryGetProperty("image_id", out var image) ? image.ToString() : null))
                .Where(c => c.Text.Length > 0),
        ];
    }
}
