using System.Collections.Immutable;
using System.Globalization;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.RunSpecs;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FreeMask.Cli.RunFiles;

/// <summary>
/// Reads the keys of <see cref="RunKeys"/> from YAML. Reading never throws: problems are added to the findings and the default value
/// stays, so that one reading finds every problem of a file.
/// </summary>
internal sealed class RunFileReader(YamlMappingNode root, RunFileFindings findings)
{
    /// <summary>The values of the file, without resolved references.</summary>
    internal RunSpec Read(RunSpec spec)
    {
        var sections = RunKeys.All.GroupBy(key => key.Section).ToArray();
        string[] names = [.. sections.SelectMany(section => section.Key.Length > 0 ? [section.Key] : section.Select(key => key.Name))];
        foreach (var section in sections)
        {
            var node = section.Key.Length == 0 ? root : Section(section.Key);
            ReportUnknown(node, section, section.Key.Length == 0 ? names : [.. section.Select(key => key.Name)]);
            foreach (var key in section)
            {
                if (Child(node, key.Name) is not { } value) continue;
                findings.Note(key.Path, value);
                if (key.IsOptional && IsEmpty(key, value)) continue;
                if (Read(key, value) is { } read) spec = key.With(spec, read);
            }
        }

        return spec;
    }

    /// <summary>The value of a key; null, with a problem, if it has another type.</summary>
    private object? Read(RunKey key, YamlNode value) => key.Type switch
    {
        RunKeyType.Text => Text(key, value),
        RunKeyType.Word => Word(key, value),
        RunKeyType.Seed => Seed(key, value),
        RunKeyType.Integer => Integer(key, value),
        RunKeyType.Number => Number(key, value),
        RunKeyType.Flag => Flag(key, value),
        RunKeyType.List => List(key, value),
        _ => throw new NotSupportedException($"There is no reader for values of type {key.Type} ({key.Path})."),
    };

    private string? Text(RunKey key, YamlNode value)
    {
        if (value is not YamlScalarNode { Value: { Length: > 0 } text } || IsNull(value)) return Refuse<string>(key, value, "must be text");
        if (Unprintable(text) is not { } character) return text;
        findings.Add(value, $"'{key.Path}' holds {character}, a character that no name, path or prompt has; remove it.");
        return null;
    }

    private string? Word(RunKey key, YamlNode value)
    {
        string[] words = [.. key.Words.Select(word => word.Word)];
        var written = (value as YamlScalarNode)?.Value ?? "";
        return words.Contains(written, StringComparer.Ordinal)
            ? written
            : Refuse<string>(key, value, $"must be one of {string.Join(", ", words)}", NameSuggester.Suggestion(written, words));
    }

    private object? Seed(RunKey key, YamlNode value) =>
        value is YamlScalarNode scalar && ulong.TryParse(scalar.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : Refuse<object>(key, value, $"must be a whole number from 0 to {ulong.MaxValue}");

    private object? Integer(RunKey key, YamlNode value) =>
        value is YamlScalarNode scalar
        && int.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : Refuse<object>(key, value, "must be a whole number", Example(key));

    private object? Number(RunKey key, YamlNode value) =>
        value is YamlScalarNode scalar && double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : Refuse<object>(key, value, "must be a number", Example(key));

    private object? Flag(RunKey key, YamlNode value) => (value as YamlScalarNode)?.Value switch
    {
        "true" => true,
        "false" => false,
        _ => Refuse<object>(key, value, "must be true or false"),
    };

    private object? List(RunKey key, YamlNode value)
    {
        if (value is YamlScalarNode { Value.Length: > 0 } && !IsNull(value)) return Entries(key, [value]);
        return value is YamlSequenceNode sequence
            ? Entries(key, sequence.Children)
            : Refuse<object>(key, value, "must be a list such as '[cat, dog]'");
    }

    private ImmutableArray<string> Entries(RunKey key, IEnumerable<YamlNode> nodes)
    {
        var entries = ImmutableArray.CreateBuilder<string>();
        foreach (var node in nodes)
        {
            if (node is not YamlScalarNode { Value: { Length: > 0 } text } || IsNull(node))
            {
                findings.Add(node, $"every entry of '{key.Path}' must be text, but {Describe(node)}.");
            }
            else if (Unprintable(text) is { } character)
            {
                findings.Add(node, $"an entry of '{key.Path}' holds {character}, a character that no name, path or prompt has; remove it.");
            }
            else
            {
                findings.Note($"{key.Path}[{entries.Count}]", node);
                entries.Add(text);
            }
        }

        return entries.ToImmutable();
    }

    private YamlMappingNode Section(string name)
    {
        if (Child(root, name) is not { } value) return new();
        findings.Note(name, value);
        if (value is YamlMappingNode section) return section;
        if (value is not YamlScalarNode { Value: null or "" } && !IsNull(value))
            findings.Add(value, $"'{name}' must be a group of indented keys, but {Describe(value)}.");
        return new();
    }

    private void ReportUnknown(YamlMappingNode node, IGrouping<string, RunKey> section, string[] known)
    {
        foreach (var key in node.Children.Keys)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            if (known.Contains(name, StringComparer.Ordinal)) continue;
            if (section.FirstOrDefault(k => k.FormerName == name) is { } renamed)
            {
                findings.Add(key, $"'{name}' in '{section.Key}' is now called '{renamed.Name}'.");
                continue;
            }

            var suggestion = NameSuggester.Suggestion(name, known);
            findings.Add(
                key,
                $"unknown key '{name}'{(section.Key.Length == 0 ? "" : $" in '{section.Key}'")}."
                    + $"{(suggestion.Length > 0 ? suggestion : $" Known here: {string.Join(", ", known)}.")}"
            );
        }
    }

    private T? Refuse<T>(RunKey key, YamlNode value, string rule, string remedy = "") where T : class
    {
        findings.Add(value, $"'{key.Path}' {rule}, but {Describe(value)}.{remedy}");
        return null;
    }

    private static string Example(RunKey key) =>
        key.Default is { } value ? string.Create(CultureInfo.InvariantCulture, $" Write for example '{key.Name}: {value}'.") : "";

    /// <summary>The first invalid character: a control character other than tab and line break, or an unpaired surrogate.</summary>
    private static string? Unprintable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && char.IsSurrogatePair(text, i)) i++;
            else if (char.IsSurrogate(text[i]) || (char.IsControl(text[i]) && text[i] is not ('\t' or '\n' or '\r')))
                return string.Create(CultureInfo.InvariantCulture, $"U+{(int)text[i]:X4}");
        }

        return null;
    }

    private static YamlNode? Child(YamlMappingNode node, string name) =>
        node.Children.FirstOrDefault(pair => pair.Key is YamlScalarNode scalar && scalar.Value == name).Value;

    private static bool IsEmpty(RunKey key, YamlNode value) =>
        IsNull(value) || (key.Type == RunKeyType.Text && value is YamlScalarNode { Value: null or "" });

    /// <summary>YAML's null. The text "null" is quoted.</summary>
    private static bool IsNull(YamlNode value) =>
        value is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" or "Null" or "NULL" };

    private static string Describe(YamlNode value) => value switch
    {
        _ when IsNull(value) => "it is empty",
        YamlScalarNode scalar => $"it is '{scalar.Value}'",
        YamlSequenceNode => "it is a list",
        _ => "it is a group of keys",
    };
}
