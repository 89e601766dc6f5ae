using System.Text;

namespace FreeMask.Vision.Export;

/// <summary>Text of the user's in a Markdown page: one line, and what would be markup is shown as it was written.</summary>
internal static class MarkdownText
{
    private const string Markup = "\\`*[]|";

    internal static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.IsControl(c)) escaped.Append(' ');
            else if (c == '<') escaped.Append("&lt;");
            else if (c == '>') escaped.Append("&gt;");
            else if (c == '&') escaped.Append("&amp;");
            else if (Markup.Contains(c, StringComparison.Ordinal)) escaped.Append('\\').Append(c);
            else escaped.Append(c);
        }

        return escaped.ToString();
    }
}
