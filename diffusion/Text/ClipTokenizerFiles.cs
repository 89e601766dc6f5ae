using System.Globalization;
using System.Text.Json;
using FreeMask.Json;

namespace FreeMask.Diffusion.Text;

/// <summary>
/// What the files of a <c>tokenizer</c> folder say: <c>vocab.json</c> and <c>merges.txt</c>, or <c>tokenizer.json</c>, which holds both and
/// is all that current tools write; <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and <c>added_tokens.json</c> where they
/// are there.
/// </summary>
internal sealed record ClipTokenizerFiles(
    IReadOnlyDictionary<string, int> Vocabulary,
    IReadOnlyList<string> Merges,
    int MaximumLength,
    string EndToken,
    int StartId,
    int EndId,
    int PadId,
    IReadOnlyList<KeyValuePair<string, int>> Specials)
{
    private const string DefaultStart = "<|startoftext|>", DefaultEnd = "<|endoftext|>", WordEnd = "</w>";
    private const int ClipLength = 77;

    internal static ClipTokenizerFiles Read(string folder)
    {
        using var whole = JsonFile.ReadIfThere(Path.Combine(folder, "tokenizer.json"));
        using var config = JsonFile.ReadIfThere(Path.Combine(folder, "tokenizer_config.json"));
        using var map = JsonFile.ReadIfThere(Path.Combine(folder, "special_tokens_map.json"));
        using var added = JsonFile.ReadIfThere(Path.Combine(folder, "added_tokens.json"));
        var (vocabulary, merges) =
            File.Exists(Path.Combine(folder, "vocab.json")) || whole is null
                ? ReadTwoFiles(folder)
                : ReadOneFile(whole, Path.Combine(folder, "tokenizer.json"));
        // Tokens that came after the vocabulary stand in any of three places.
        var later = AddedTokens(whole, config, added);
        var start = Special("bos_token") ?? DefaultStart;
        var end = Special("eos_token") ?? DefaultEnd;
        var pad = Special("pad_token") ?? end;
        var specials = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in new[] { start, end, pad }) specials[token] = IdOf(token);
        // What text is made of that the vocabulary does not know becomes the end token, so it must be in there.
        vocabulary.TryAdd(end, IdOf(end));
        return new(vocabulary, merges, Length(), end, IdOf(start), IdOf(end), IdOf(pad), [.. specials]);

        string? Special(string name) => TokenText(map, name) ?? TokenText(config, name);

        int IdOf(string token) => vocabulary.TryGetValue(token, out var id) || later.TryGetValue(token, out id)
            ? id
            : throw new FreeMaskException($"{folder} has no token {token}, which the tokenizer's files name as a special token.");

        // Old transformers write 1e30 for "no limit".
        int Length() =>
            config is not null && config.RootElement.Number("model_max_length") is { } length and >= 3 and <= 4096
                ? (int)length
                : ClipLength;
    }

    private static (Dictionary<string, int>, IReadOnlyList<string>) ReadTwoFiles(string folder)
    {
        using var vocabulary = JsonFile.Read(Require(folder, "vocab.json"));
        return (
            Tokens(vocabulary.RootElement, Path.Combine(folder, "vocab.json")),
            [
                .. File.ReadLines(Require(folder, "merges.txt"))
                    .Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)),
            ]
        );
    }

    /// <summary>The format of the tokenizers library. Merges are texts with a blank, or, since its version 0.20, pairs.</summary>
    private static (Dictionary<string, int>, IReadOnlyList<string>) ReadOneFile(JsonDocument whole, string path)
    {
        if (
            whole.RootElement.ValueKind != JsonValueKind.Object
            || !whole.RootElement.TryGetProperty("model", out var model)
            || model.Text("type") != "BPE"
            || model.Text("end_of_word_suffix") != WordEnd
        )
            throw new FreeMaskException(
                $"{path} is no tokenizer of CLIP: its model is not byte-pair encoding with the word end {WordEnd}."
            );
        try
        {
            return (
                Tokens(model.GetProperty("vocab"), path),
                [
                    .. model
                        .GetProperty("merges")
                        .EnumerateArray()
                        .Select(merge =>
                            merge.ValueKind == JsonValueKind.Array ? $"{merge[0].GetString()} {merge[1].GetString()}" : merge.GetString()!
                        ),
                ]
            );
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new FreeMaskException($"{path} has no vocabulary and merges as tokenizers of CLIP have them: {e.Message}", e);
        }
    }

    private static Dictionary<string, int> Tokens(JsonElement vocabulary, string path)
    {
        try
        {
            return vocabulary.EnumerateObject().ToDictionary(token => token.Name, token => token.Value.GetInt32(), StringComparer.Ordinal);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            throw new FreeMaskException($"{path} is no vocabulary: {e.Message}", e);
        }
    }

    private static Dictionary<string, int> AddedTokens(JsonDocument? whole, JsonDocument? config, JsonDocument? added)
    {
        var tokens = new Dictionary<string, int>(StringComparer.Ordinal);
        if (whole is not null && whole.RootElement.TryGetProperty("added_tokens", out var list) && list.ValueKind == JsonValueKind.Array)
            foreach (var token in list.EnumerateArray())
                if (token.Text("content") is { } content && token.Number("id") is { } id) tokens[content] = (int)id;
        if (
            config is not null
            && config.RootElement.TryGetProperty("added_tokens_decoder", out var decoder)
            && decoder.ValueKind == JsonValueKind.Object
        )
            foreach (var token in decoder.EnumerateObject())
                if (token.Value.Text("content") is { } content && int.TryParse(token.Name, CultureInfo.InvariantCulture, out var id))
                    tokens[content] = id;
        if (added is not null && added.RootElement.ValueKind == JsonValueKind.Object)
            foreach (var token in added.RootElement.EnumerateObject())
                if (token.Value.ValueKind == JsonValueKind.Number) tokens[token.Name] = token.Value.GetInt32();
        return tokens;
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
        return File.Exists(path)
            ? path
            : throw new FreeMaskException($"{path} does not exist; a CLIP tokenizer needs vocab.json and merges.txt, or tokenizer.json.");
    }
}
