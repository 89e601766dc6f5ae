using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace FreeMask.Diffusion.Text;

/// <summary>
/// Cuts a text into the pieces that CLIP merges within (openai/CLIP, clip/simple_tokenizer.py, the pattern): contractions, runs of letters,
/// single digits, runs of anything else. By code points: .NET's patterns see letters beyond U+FFFF as two halves that are none.
/// </summary>
internal sealed class ClipPreTokenizer : PreTokenizer
{
    private static readonly string[] Whole = ["<|startoftext|>", "<|endoftext|>", "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Sort
    {
        Space,
        Letter,
        Number,
        Other,
    }

    /// <inheritdoc />
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => Cut(text);

    /// <inheritdoc />
    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => Cut(text.ToString());

    private static List<(int Offset, int Length)> Cut(string text)
    {
        var pieces = new List<(int, int)>();
        for (var at = 0; at < text.Length;)
        {
            var length = Length(text, at);
            if (SortAt(text, at).Sort != Sort.Space) pieces.Add((at, length));
            at += length;
        }

        return pieces;
    }

    private static int Length(string text, int at)
    {
        if (
            Array.Find(Whole, piece => string.Compare(text, at, piece, 0, piece.Length, StringComparison.OrdinalIgnoreCase) == 0) is
            { } whole
        )
            return whole.Length;
        var (sort, length) = SortAt(text, at);
        if (sort is Sort.Number or Sort.Space) return length;
        while (at + length < text.Length && SortAt(text, at + length) is var (next, more) && next == sort) length += more;
        return length;
    }

    private static (Sort Sort, int Length) SortAt(string text, int at)
    {
        // Half of a pair is neither.
        if (!Rune.TryGetRuneAt(text, at, out var rune)) return (Sort.Other, 1);
        var sort = Rune.IsWhiteSpace(rune) ? Sort.Space : Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter
                or UnicodeCategory.LowercaseLetter
                or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter
                or UnicodeCategory.OtherLetter => Sort.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Sort.Number,
            _ => Sort.Other,
        };
        return (sort, rune.Utf16SequenceLength);
    }
}
