using System.Numerics;

namespace FreeMask.Vision.Thesaurus;

/// <summary>
/// Finds which terms a caption mentions. Words are runs of letters and digits, lower-cased; phrases match longest first and do not overlap,
/// so "dining table" is one mention and "hot dog" none. A caption's mentions are numbered; a term's mentions are a set of those numbers.
/// </summary>
internal sealed class PhraseMatcher
{
    private const int MaxMentions = 64;

    private readonly Dictionary<string, List<Phrase>> _byFirstWord = new(StringComparer.Ordinal);

    /// <param name="terms">Words and phrases of each term; a phrase may belong to several terms.</param>
    /// <param name="notMentions">Phrases that name no term.</param>
    internal PhraseMatcher(IReadOnlyList<IEnumerable<string>> terms, IEnumerable<string> notMentions)
    {
        TermCount = terms.Count;
        var owners = new Dictionary<string, (string[] Words, HashSet<int> Terms)>(StringComparer.Ordinal);
        for (var term = 0; term < terms.Count; term++)
            foreach (var phrase in terms[term]) Own(phrase).Add(term);
        foreach (var phrase in notMentions) Own(phrase).Clear();

        foreach (var (words, owned) in owners.Values.OrderByDescending(o => o.Words.Length))
        {
            if (!_byFirstWord.TryGetValue(words[0], out var phrases)) _byFirstWord[words[0]] = phrases = [];
            phrases.Add(new Phrase(words, [.. owned]));
        }

        HashSet<int> Own(string phrase)
        {
            var words = Tokenize(phrase);
            if (words.Count == 0) throw new FreeMaskException("A thesaurus vocabulary holds an empty phrase; remove it.");
            var key = string.Join(' ', words);
            if (!owners.TryGetValue(key, out var owner)) owners[key] = owner = ([.. words], []);
            return owner.Terms;
        }
    }

    internal int TermCount { get; }

    /// <summary>Per term the set of its mentions in a caption (bit i = the caption's i-th mention; those after the 64th are not
    /// seen).</summary>
    internal ulong[] Find(string caption)
    {
        var words = Tokenize(caption);
        var sets = new ulong[TermCount];
        var mention = 0;
        for (var at = 0; at < words.Count && mention < MaxMentions;)
        {
            var phrase = Longest(words, at);
            if (phrase is null)
            {
                at++;
                continue;
            }

            foreach (var term in phrase.Terms) sets[term] |= 1UL << mention;
            mention++;
            at += phrase.Words.Length;
        }

        return sets;
    }

    /// <summary>Whether two terms are mentioned by two different mentions: "table" alone is not a dining table on a table.</summary>
    internal static bool Together(ulong first, ulong second) =>
        first != 0 && second != 0 && (first != second || BitOperations.PopCount(first) > 1);

    internal static List<string> Tokenize(string text)
    {
        var words = new List<string>();
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && char.IsLetterOrDigit(text[i]))
            {
                if (start < 0) start = i;
            }
            else if (start >= 0)
            {
                words.Add(text[start..i].ToLowerInvariant());
                start = -1;
            }
        }

        return words;
    }

    private Phrase? Longest(List<string> words, int at)
    {
        if (!_byFirstWord.TryGetValue(words[at], out var phrases)) return null;
        foreach (var phrase in phrases)
        {
            if (at + phrase.Words.Length > words.Count) continue;
            var same = true;
            for (var i = 1; i < phrase.Words.Length && same; i++) same = phrase.Words[i] == words[at + i];
            if (same) return phrase;
        }

        return null;
    }

    private sealed record Phrase(string[] Words, int[] Terms);
}
