using System.Collections.Immutable;

namespace FreeMask.Dashboard.Editing;

/// <summary>What can be written at a place of a YAML text.</summary>
internal enum YamlPlaceKind
{
    /// <summary>Nothing that can be suggested: in a comment, in a block scalar, after a value.</summary>
    None,

    /// <summary>A key.</summary>
    Key,

    /// <summary>A value, or a part of one.</summary>
    Value,

    /// <summary>A key of a map or a value: the first word of a line or of an entry of a list.</summary>
    Entry,
}

/// <summary>A place of a YAML text. Lines and columns count from 0, columns in UTF-16 code units.</summary>
/// <param name="Kind">What can be written there.</param>
/// <param name="Path">Keys from the root to the map, list or value; entries of lists are <see cref="Item"/>.</param>
/// <param name="Line">The line.</param>
/// <param name="From">The column where the word at the place begins.</param>
/// <param name="To">The column where it ends.</param>
/// <param name="Prefix">The part of the word before the place.</param>
/// <param name="IsFlow">Whether the place is within brackets or braces.</param>
/// <param name="IsQuoted">Whether the word is within quotation marks.</param>
/// <param name="HasColon">Whether a colon follows the word.</param>
/// <param name="Siblings">Keys that the same map has, without the one at the place.</param>
internal sealed record YamlPlace(
    YamlPlaceKind Kind,
    ImmutableArray<string> Path,
    int Line,
    int From,
    int To,
    string Prefix,
    bool IsFlow,
    bool IsQuoted,
    bool HasColon,
    IReadOnlySet<string> Siblings
)
{
    /// <summary>The path element of an entry of a list.</summary>
    internal const string Item = "-";
}
