namespace FreeMask.Diffusion.Text;

/// <summary>A token and the characters of the normalized text that it stands for.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Start">Offset of its first character.</param>
/// <param name="Length">Number of characters; bytes of one character split over several tokens may give 0.</param>
internal readonly record struct TokenSpan(int Id, int Start, int Length);

/// <summary>An encoded text.</summary>
internal sealed class TokenSequence
{
    private readonly IReadOnlyList<TokenSpan> _spans;

    internal TokenSequence(IReadOnlyList<int> ids, string normalized, IReadOnlyList<TokenSpan> spans, int kept)
    {
        Ids = ids;
        NormalizedText = normalized;
        _spans = spans;
        WordTokens = kept;
    }

    /// <summary>Ids with start, end and padding; position 0 is the start token.</summary>
    public IReadOnlyList<int> Ids { get; }

    /// <summary>The text that was encoded, after composition and lower-casing; offsets refer to it.</summary>
    public string NormalizedText { get; }

    /// <summary>Number of tokens between start and end: positions 1 to this number are words.</summary>
    public int WordTokens { get; }

    /// <summary>Tokens of the whole text, those that were cut off included, without start and end.</summary>
    public IReadOnlyList<TokenSpan> Spans => _spans;

    /// <summary>The end of the text that did not fit; empty if everything did.</summary>
    public string CutText => _spans.Count > WordTokens ? NormalizedText[_spans[WordTokens].Start..] : "";

    /// <summary>
    /// Positions in <see cref="Ids"/> of the tokens of a word or phrase, of all its occurrences as whole words, ascending. Tokens are found
    /// by character offsets, so a word of several tokens gives them all. Occurrences that were cut off give none.
    /// </summary>
    public IReadOnlyList<int> PositionsOf(string phrase)
    {
        ArgumentNullException.ThrowIfNull(phrase);
        var positions = new SortedSet<int>();
        foreach (var start in Occurrences(ClipTokenizer.Normalize(phrase)))
            for (var i = 0; i < WordTokens; i++)
                if (_spans[i].Start < start.End && _spans[i].Start + Math.Max(1, _spans[i].Length) > start.Begin) positions.Add(i + 1);
        return [.. positions];
    }

    /// <summary>Whether a word or phrase occurs in the text, cut off or not.</summary>
    public bool Contains(string phrase) => Occurrences(ClipTokenizer.Normalize(phrase)).Any();

    private IEnumerable<(int Begin, int End)> Occurrences(string phrase)
    {
        if (phrase.Length == 0) yield break;
        for (
            var at = NormalizedText.IndexOf(phrase, StringComparison.Ordinal);
            at >= 0;
            at = NormalizedText.IndexOf(phrase, at + 1, StringComparison.Ordinal)
        )
        {
            var end = at + phrase.Length;
            if (IsBoundary(at) && IsBoundary(end)) yield return (at, end);
        }
    }

    /// <summary>A place between characters is a word's boundary unless letters or digits stand on both sides.</summary>
    private bool IsBoundary(int at) =>
        at == 0
        || at == NormalizedText.Length
        || !char.IsLetterOrDigit(NormalizedText, Before(at))
        || !char.IsLetterOrDigit(NormalizedText, at);

    /// <summary>Where the character before a place begins: beyond U+FFFF it has two halves.</summary>
    private int Before(int at) => at >= 2 && char.IsSurrogatePair(NormalizedText, at - 2) ? at - 2 : at - 1;
}
