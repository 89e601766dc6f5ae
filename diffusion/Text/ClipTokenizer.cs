using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace FreeMask.Diffusion.Text;

/// <summary>
/// CLIP's byte-pair encoding with a folder's own vocabulary (openai/CLIP, clip/simple_tokenizer.py; huggingface/transformers,
/// CLIPTokenizerFast). Text is composed (NFC), white space is merged, letters are lower-cased; ftfy's repairs (HTML entities, curly quotes,
/// mojibake) are not made, so such text is encoded as transformers' fast tokenizer does.
/// </summary>
internal sealed partial class ClipTokenizer
{
    private readonly BpeTokenizer _bpe;
    private readonly IReadOnlyList<KeyValuePair<string, int>> _specials;

    private ClipTokenizer(BpeTokenizer bpe, ClipTokenizerFiles files)
    {
        _bpe = bpe;
        _specials = files.Specials;
        MaximumLength = files.MaximumLength;
        StartId = files.StartId;
        EndId = files.EndId;
        PadId = files.PadId;
    }

    /// <summary>The length of every encoded sequence: 77 in CLIP.</summary>
    public int MaximumLength { get; }

    /// <summary>The id of <c>&lt;|startoftext|&gt;</c>.</summary>
    public int StartId { get; }

    /// <summary>The id of <c>&lt;|endoftext|&gt;</c>.</summary>
    public int EndId { get; }

    /// <summary>The id that fills the sequence: the end token in CLIP, <c>!</c> in OpenCLIP exports.</summary>
    public int PadId { get; }

    /// <summary>Loads a <c>tokenizer</c> folder: <c>vocab.json</c> and <c>merges.txt</c>, or <c>tokenizer.json</c>; where present,
    /// <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c>, <c>added_tokens.json</c>.</summary>
    /// <exception cref="FreeMaskException">A file is missing or malformed.</exception>
    public static ClipTokenizer Load(string folder)
    {
        var files = ClipTokenizerFiles.Read(folder);
        try
        {
            var options = new BpeOptions(files.Vocabulary)
            {
                Merges = files.Merges,
                ByteLevel = true,
                EndOfWordSuffix = "</w>",
                UnknownToken = files.EndToken,
                PreTokenizer = new ClipPreTokenizer(),
            };
            return new(BpeTokenizer.Create(options), files);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException or FormatException)
        {
            throw new FreeMaskException($"The tokenizer in {folder} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>
    /// Encodes a text as start token, tokens, end token, padding: always <see cref="MaximumLength"/> ids. What does not fit is cut off at
    /// the end and reported in <see cref="TokenSequence.CutText"/>.
    /// </summary>
    public TokenSequence Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var normalized = Normalize(text);
        var spans = Spans(normalized);
        var kept = Math.Min(spans.Count, MaximumLength - 2);
        var ids = new int[MaximumLength];
        Array.Fill(ids, PadId);
        ids[0] = StartId;
        for (var i = 0; i < kept; i++) ids[i + 1] = spans[i].Id;
        ids[kept + 1] = EndId;
        return new(ids, normalized, spans, kept);
    }

    /// <summary>NFC, white space merged to single blanks and trimmed, lower case.</summary>
    internal static string Normalize(string text) =>
        WhiteSpace()
            .Replace(UnicodeNormalization.Compose(text), " ")
            .Trim()
            .Replace("\u0130", "i\u0307", StringComparison.Ordinal)
            .ToLowerInvariant();

    private List<TokenSpan> Spans(string normalized)
    {
        var spans = new List<TokenSpan>();
        var position = 0;
        while (position < normalized.Length)
        {
            var (at, special, id) = NextSpecial(normalized, position);
            AddWords(normalized, position, at, spans);
            if (special.Length > 0) spans.Add(new(id, at, special.Length));
            position = at + special.Length;
        }

        return spans;
    }

    /// <summary>Special tokens inside a text are cut out before anything else and stand for themselves.</summary>
    private (int At, string Special, int Id) NextSpecial(string text, int from)
    {
        var best = (At: text.Length, Special: "", Id: 0);
        foreach (var (special, id) in _specials)
        {
            var at = text.IndexOf(special, from, StringComparison.Ordinal);
            if (at >= 0 && at < best.At) best = (at, special, id);
        }

        return best;
    }

    private void AddWords(string text, int from, int to, List<TokenSpan> spans)
    {
        if (from == to) return;
        foreach (var token in _bpe.EncodeToTokens(text[from..to], out _))
        {
            var (offset, length) = (token.Offset.Start.Value, token.Offset.End.Value - token.Offset.Start.Value);
            spans.Add(new(token.Id, from + offset, length));
        }
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
