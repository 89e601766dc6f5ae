namespace FreeMask.Dashboard.Editing;

/// <summary>What a suggestion is.</summary>
internal enum SuggestionKind
{
    /// <summary>A key.</summary>
    Key,

    /// <summary>A key that has keys below it.</summary>
    Section,

    /// <summary>A value.</summary>
    Value,
}

/// <summary>A word that fits a place of a run file.</summary>
/// <param name="Text">The word.</param>
/// <param name="Insert">What replaces the word at the place; a key comes with its colon.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Detail">Type, range and default of a key, such as "integer, 1 to 1000; default 25"; may be empty.</param>
/// <param name="Description">What it means.</param>
internal sealed record Suggestion(string Text, string Insert, SuggestionKind Kind, string Detail, string Description);

/// <summary>Words that fit a place of a run file.</summary>
/// <param name="Line">The line of the place, from 1; that of the nearest place where the text has no such line.</param>
/// <param name="From">The column where what is replaced begins, from 1.</param>
/// <param name="To">The column behind its end.</param>
/// <param name="Suggestions">The words, the best first.</param>
internal sealed record SuggestionList(int Line, int From, int To, IReadOnlyList<Suggestion> Suggestions);
