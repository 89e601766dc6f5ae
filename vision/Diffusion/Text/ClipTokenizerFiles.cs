using System.Text.Json;

namespace FreeMask.Vision.Diffusion.Text;

/// <summary>What the files of a <c>tokenizer</c> folder say.</summary>
internal sealed record ClipTokenizerFiles(
    string VocabularyPath,
    string MergesPath,
    int MaximumLength,
    string EndToken,
    int StartId,
    int EndId,
    int PadId,
    IReadOnlyList<KeyValuePair<string, int>> Specials)
{
    private const string DefaultStart = "<|startoftext|>", DefaultEnd = "<|endoftext|>";
    private const int ClipLength = 77;

    internal static ClipTokenizerFiles Read(string folder)
    {
        var vocabularyPath = Require(folder, "vocab.json");
        var mergesPath = Require(folder, "merges.txt");
        using var vocabulary = JsonFile.Read(vocabularyPath);
        using var config = JsonFile.ReadIfThere(Path.Combine(folder, "tokenizer_config.json"));
        using var map = JsonFile.ReadIfThere(Path.Combine(folder, "special_tokens_map.json"));
        var start = Special("bos_token") ?? DefaultStart;
        var end = Special("eos_token") ?? DefaultEnd;
        var pad = Special("pad_token") ?? end;
        var specials = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in new[] { start, end, pad }) specials[token] = IdOf(token);
        return new(vocabularyPath, mergesPath, Length(), end, IdOf(start), IdOf(end), IdOf(pad), [.. specials]);

        string? Special(string name) => TokenText(map, name) ?? TokenText(config, name);

        int IdOf(string token) => vocabulary.RootElement.TryGetProperty(token, out var id)
            ? id.GetInt32()
            : throw new FreeMaskException($"{vocabularyPath} has no token {token}, which the tokenizer's files name as a special token.");

        // Old transformers write 1e30 for "no limit".
        int Length() => config is not null && config.RootElement.TryGetProperty("model_max_length", out var length) && length.GetDouble() is >= 3 and <= 4096
            ? (int)length.GetDouble()
            : ClipLength;
    }

    /// <summary>A special token is written as a string or as an object with the field content.</summary>
    private static string? TokenText(JsonDocument? file, string name)
    {
        if (file is null || !file.RootElement.TryGetProperty(name, out var token)) return null;
        return token.ValueKind switch
        {
            JsonValueKind.String => token.GetString(),
            JsonValueKind.Object when token.TryGetProperty("content", out var content) => content.GetString(),
            _ => null,
        };
    }

    private static string Require(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? path : throw new FreeMaskException($"{path} does not exist; a CLIP tokenizer needs vocab.json and merges.txt.");
    }
}
