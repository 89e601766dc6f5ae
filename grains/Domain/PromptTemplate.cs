using System.Text.RegularExpressions;

namespace FreeMask.Grains.Domain;

/// <summary>
/// Prompt templates with the placeholders <c>{class}</c>, <c>{a class}</c>, <c>{background}</c> and <c>{in background}</c>. The last is
/// the background with "in" before it, unless it begins with a preposition: "grass" becomes "in grass", "on the road" stays as it is.
/// </summary>
internal static partial class PromptTemplate
{
    private const string Class = "{class}", ArticleAndClass = "{a class}", Background = "{background}", Placed = "{in background}";

    private static readonly string[] Prepositions =
    [
        "above",
        "across",
        "against",
        "along",
        "among",
        "around",
        "at",
        "behind",
        "below",
        "beneath",
        "beside",
        "between",
        "by",
        "close to",
        "from",
        "in",
        "inside",
        "near",
        "next to",
        "on",
        "outside",
        "over",
        "through",
        "under",
        "underneath",
        "with",
        "within",
        "without",
    ];

    /// <summary>Whether a template names its class; without the class word there is no token to read attention from.</summary>
    public static bool NamesClass(string template) =>
        template.Contains(Class, StringComparison.Ordinal) || template.Contains(ArticleAndClass, StringComparison.Ordinal);

    /// <summary>Whether a template names a background.</summary>
    public static bool NamesBackground(string template) =>
        template.Contains(Background, StringComparison.Ordinal) || template.Contains(Placed, StringComparison.Ordinal);

    /// <summary>
    /// The first class placeholder that touches letters or digits, such as <c>{class}s</c>, for which attention finds no token; null if
    /// there is none.
    /// </summary>
    public static string? JoinedClass(string template) => Joined().Match(template) is { Success: true } match ? match.Value : null;

    /// <summary>The first unknown placeholder; null if there is none.</summary>
    public static string? UnknownPlaceholder(string template)
    {
        foreach (Match match in Placeholder().Matches(template))
            if (match.Value is not (Class or ArticleAndClass or Background or Placed)) return match.Value;
        return null;
    }

    /// <summary>Fills a template.</summary>
    public static string Fill(string template, string classWords, string background) => template
        .Replace(ArticleAndClass, $"{ArticleOf(classWords)} {classWords}", StringComparison.Ordinal)
        .Replace(Class, classWords, StringComparison.Ordinal)
        .Replace(Placed, BeginsWithPreposition(background) ? background : $"in {background}", StringComparison.Ordinal)
        .Replace(Background, background, StringComparison.Ordinal);

    /// <summary>Whether a background begins with a preposition, such as "on the grass".</summary>
    public static bool BeginsWithPreposition(string background) =>
        Prepositions.Any(word =>
            background.StartsWith(word, StringComparison.OrdinalIgnoreCase)
            && (background.Length == word.Length || background[word.Length] == ' ')
        );

    /// <summary>Whether a template has a preposition before the background, which then must not begin with one.</summary>
    public static bool BringsPreposition(string template)
    {
        var at = template.IndexOf(Background, StringComparison.Ordinal);
        return at > 0
            && template[..at].TrimEnd().Split(' ')[^1] is var word
            && Prepositions.Contains(word, StringComparer.OrdinalIgnoreCase);
    }

    private static string ArticleOf(string words) =>
        words.Length > 0 && "aeiou".Contains(char.ToLowerInvariant(words[0]), StringComparison.Ordinal) ? "an" : "a";

    [GeneratedRegex(@"[\p{L}\p{N}]+\{class\}[\p{L}\p{N}]*|\{(a )?class\}[\p{L}\p{N}]+")]
    private static partial Regex Joined();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Placeholder();
}
