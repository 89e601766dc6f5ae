using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FreeMask.Grains.RunSpecs;

namespace FreeMask.Cli.Tests.RunFiles;

/// <summary>The tables of <c>docs/run-files.md</c>, from <see cref="RunKeys"/>.</summary>
internal static class RunFileTables
{
    private const string Begin = "<!-- The tables from here on are generated: see CONTRIBUTING.md. -->\n",
        End = "<!-- End of the generated tables. -->\n";

    /// <summary>The document with its tables written anew.</summary>
    internal static string Update(string document)
    {
        var (begin, end) = (document.IndexOf(Begin, StringComparison.Ordinal), document.IndexOf(End, StringComparison.Ordinal));
        return $"{document[..(begin + Begin.Length)]}\n{Keys()}\n{WordsOfKeys()}\n{document[end..]}";
    }

    private static string Keys()
    {
        var table = new StringBuilder("| key | type | default | range | unit | meaning | since |\n|---|---|---|---|---|---|---|\n");
        foreach (var key in RunKeys.All)
            table.Append(
                CultureInfo.InvariantCulture,
                $"| `{key.Path}` | {TypeOf(key)} | {DefaultOf(key)} | {RangeOf(key)} | {key.Unit} | {key.Description} | {key.Since} |\n"
            );
        return table.ToString();
    }

    private static string WordsOfKeys()
    {
        var table = new StringBuilder("| key | words |\n|---|---|\n");
        foreach (var key in RunKeys.All.Where(key => !key.Words.IsEmpty))
        {
            IEnumerable<RunKeyWord> words = key.Shorthand is null ? key.Words : key.Words.Prepend(key.Shorthand);
            var separator = words.Any(word => word.Meaning.Length > 0) ? "; " : ", ";
            var list = string.Join(
                separator,
                words.Select(word => word.Meaning.Length == 0 ? $"`{word.Word}`" : $"`{word.Word}`: {word.Meaning}")
            );
            table.Append(CultureInfo.InvariantCulture, $"| `{key.Path}` | {list}{(key.AcceptsOtherText ? "; or a folder" : "")} |\n");
        }

        return table.ToString();
    }

    private static string TypeOf(RunKey key) => key.Type switch
    {
        RunKeyType.Text => "text",
        RunKeyType.Word => "word",
        RunKeyType.Seed or RunKeyType.Integer => "integer",
        RunKeyType.Number => "number",
        RunKeyType.Flag => "true or false",
        _ => "list of texts",
    };

    private static string DefaultOf(RunKey key) => key.Default switch
    {
        _ when key.IsRequired => "required",
        null or "" => key.DefaultDescription.Length > 0 ? key.DefaultDescription : "none",
        string text => $"`{text}`",
        ImmutableArray<string> list => list.IsEmpty
                ? "none"
                : $"`[{string.Join(", ", list.Select(item => JsonSerializer.Serialize(item)))}]`",
        bool flag => flag ? "true" : "false",
        var value => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string RangeOf(RunKey key)
    {
        var parts = new List<string>();
        if (key.Type == RunKeyType.Seed) parts.Add($"0 to {ulong.MaxValue}");
        if (key.Range is { } range) parts.Add(range.ToString());
        if (key.MultipleOf > 1) parts.Add($"multiples of {key.MultipleOf}");
        if (key.MaxLength is { } length) parts.Add($"1 to {length} characters");
        if (!key.Words.IsEmpty) parts.Add("words below");
        if (key.MinItems > 0) parts.Add($"at least {key.MinItems}");
        return string.Join(", ", parts);
    }
}
