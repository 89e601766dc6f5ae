using System.Text;
using System.Text.Json;
using FreeMask.Json;

namespace FreeMask.Training.Mini.Text;

/// <summary>
/// A CLIP vocabulary in miniature (openai/CLIP, <c>simple_tokenizer.py</c>): 256 byte symbols, the same with the end-of-word mark, one
/// token a merge, then the start and end tokens. The merges are learned from the caption words until each of them is one token.
/// </summary>
internal sealed class MiniVocabulary
{
    /// <summary>Tokens of a padded caption, start and end included.</summary>
    public const int Length = 16;

    private const string WordEnd = "</w>", StartText = "<|startoftext|>", EndText = "<|endoftext|>";

    private readonly string[] _bytes = ByteSymbols();
    private readonly List<(string Left, string Right)> _merges = [];
    private readonly Dictionary<(string Left, string Right), int> _ranks = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int[]> _cache = new(StringComparer.Ordinal);

    /// <summary>Learns the merges of a word list.</summary>
    public MiniVocabulary(IEnumerable<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        Learn([.. words.Distinct().Order(StringComparer.Ordinal)]);
        string[] ordered = [.. _bytes.Where(symbol => symbol[0] < 256), .. _bytes.Where(symbol => symbol[0] >= 256)];
        foreach (var symbol in ordered) _ids[symbol] = _ids.Count;
        foreach (var symbol in ordered) _ids[symbol + WordEnd] = _ids.Count;
        foreach (var (left, right) in _merges) _ids.TryAdd(left + right, _ids.Count);
        Start = _ids[StartText] = _ids.Count;
        End = _ids[EndText] = _ids.Count;
    }

    /// <summary>The vocabulary of all captions.</summary>
    public static MiniVocabulary OfCaptions() => new(Captions.Words);

    /// <summary>Number of tokens.</summary>
    public int Count => _ids.Count;

    /// <summary>Id of the start token.</summary>
    public int Start { get; }

    /// <summary>Id of the end token, which also pads.</summary>
    public int End { get; }

    /// <summary>
    /// Token ids of a text of words and spaces: start, tokens, end, padded with end to <see cref="Length"/>; text that is too long is cut
    /// before its end token.
    /// </summary>
    public long[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new long[Length];
        Array.Fill(ids, End);
        ids[0] = Start;
        var at = 1;
        foreach (var word in text.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (var id in EncodeWord(word))
            {
                if (at == Length - 1) return ids;
                ids[at++] = id;
            }
        }

        return ids;
    }

    /// <summary>The token ids of one lower-case word.</summary>
    public IReadOnlyList<int> EncodeWord(string word)
    {
        if (_cache.TryGetValue(word, out var known)) return known;
        var symbols = Symbols(word);
        while (symbols.Count > 1)
        {
            var best = -1;
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                if (!_ranks.TryGetValue((symbols[i], symbols[i + 1]), out var rank)) continue;
                if (best < 0 || rank < _ranks[(symbols[best], symbols[best + 1])]) best = i;
            }

            if (best < 0) break;
            symbols = Merge(symbols, (symbols[best], symbols[best + 1]));
        }

        return _cache[word] = [.. symbols.Select(symbol => _ids[symbol])];
    }

    /// <summary>Writes the tokenizer folder as CLIP's tokenizers are published: vocab.json, merges.txt and the two
    /// configurations.</summary>
    public void Save(string directory)
    {
        Directory.CreateDirectory(directory);
        Write(directory, "vocab.json", JsonSerializer.Serialize(_ids.OrderBy(pair => pair.Value).ToDictionary(), JsonFormats.Relaxed));
        Write(directory, "merges.txt", "#version: 0.2\n" + string.Concat(_merges.Select(merge => $"{merge.Left} {merge.Right}\n")));
        var tokens = new { bos_token = StartText, eos_token = EndText, pad_token = EndText, unk_token = EndText };
        Write(directory, "special_tokens_map.json", JsonSerializer.Serialize(tokens, JsonFormats.Indented));
        Write(directory, "tokenizer_config.json", JsonSerializer.Serialize(
            new
            {
                add_prefix_space = false,
                tokens.bos_token,
                do_lower_case = true,
                tokens.eos_token,
                errors = "replace",
                model_max_length = Length,
                tokens.pad_token,
                tokenizer_class = "CLIPTokenizer",
                tokens.unk_token,
            },
            JsonFormats.Indented));
    }

    private static void Write(string directory, string name, string text) =>
        File.WriteAllText(Path.Combine(directory, name), text.EndsWith('\n') ? text : text + "\n");

    /// <summary>Byte pair encoding: merges the most frequent neighbors (ties: ordinal) until every word is one symbol.</summary>
    private void Learn(IReadOnlyList<string> words)
    {
        var split = words.Select(Symbols).ToList();
        while (true)
        {
            var best = split
                .SelectMany(symbols => symbols.Zip(symbols.Skip(1), (left, right) => (Left: left, Right: right)))
                .GroupBy(pair => pair)
                .OrderByDescending(group => group.Count())
                .ThenBy(group => group.Key.Left, StringComparer.Ordinal).ThenBy(group => group.Key.Right, StringComparer.Ordinal)
                .FirstOrDefault();
            if (best is null) return;
            _ranks[best.Key] = _merges.Count;
            _merges.Add(best.Key);
            for (var i = 0; i < split.Count; i++) split[i] = Merge(split[i], best.Key);
        }
    }

    private List<string> Symbols(string word)
    {
        var symbols = Encoding.UTF8.GetBytes(word).Select(value => _bytes[value]).ToList();
        symbols[^1] += WordEnd;
        return symbols;
    }

    private static List<string> Merge(List<string> symbols, (string Left, string Right) pair)
    {
        var merged = new List<string>(symbols.Count);
        for (var i = 0; i < symbols.Count; i++)
        {
            if (i + 1 < symbols.Count && symbols[i] == pair.Left && symbols[i + 1] == pair.Right) merged.Add(symbols[i] + symbols[++i]);
            else merged.Add(symbols[i]);
        }

        return merged;
    }

    /// <summary>CLIP's printable stand-in for every byte (<c>bytes_to_unicode</c>), indexed by byte.</summary>
    private static string[] ByteSymbols()
    {
        var symbols = new string[256];
        var shifted = 0;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            symbols[value] = ((char)(printable ? value : 256 + shifted++)).ToString();
        }

        return symbols;
    }
}
