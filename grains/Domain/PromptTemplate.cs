using System.Text.RegularExpressions;

namespace FreeMask.Grains.Domain;

/// <summary>Prompt templates: <c>{class}</c>, <c>{a class}</c> and <c>{background}</c> stand for words.</summary>
public static partial class PromptTemplate
{
    private const string Class = "{class}", ArticleAndClass = "{a class}", Background = "{background}";

    /// <summary>Whether a template names its class; one that does not has no word to read attention from.</summary>
    public static bool NamesClass(string template) => template.Contains(Class, StringComparison.Ordinal) || template.Contains(ArticleAndClass, StringComparison.Ordinal);

    /// <summary>Whether a template names a background.</summary>
    public static bool NamesBackground(string template) => template.Contains(Background, StringComparison.Ordinal);

    /// <summary>The first placeholder that is none of the known ones; null where there is none.</summary>
    public static string? UnknownPlaceholder(string template)
    {
        foreach (Match match in Placeholder().Matches(template))
            if (match.Value is not (Class or ArticleAndClass or Background)) return match.Value;
        return null;
    }

    /// <summary>Fills a template.</summary>
    public static string Fill(string template, string classWords, string background) => template
        .Replace(ArticleAndClass, $"{ArticleOf(classWords)} {classWords}", StringComparison.Ordinal)
        .Replace(Class, classWords, StringComparison.Ordinal)
        .Replace(Background, background, StringComparison.Ordinal);

    private static string ArticleOf(string words) => words.Length > 0 && "aeiou".Contains(char.ToLowerInvariant(words[0]), StringComparison.Ordinal) ? "an" : "a";

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Placeholder();
}
