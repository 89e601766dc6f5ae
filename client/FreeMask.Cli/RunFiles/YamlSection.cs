using System.Collections.Immutable;
using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FreeMask.Cli.RunFiles;

/// <summary>
/// A group of keys read from YAML. Reading never throws: what is wrong joins the findings and the present value stays, so that one
/// reading finds every problem of a file. <see cref="Close"/> reports the keys that nobody asked for.
/// </summary>
internal sealed class YamlSection(YamlMappingNode node, string path, RunFileFindings findings) : IRunFileSection
{
    private readonly List<string> _known = [];

    public string Text(string key, string current)
    {
        if (Find(key) is not { } value) return current;
        if (value is not YamlScalarNode scalar || IsNull(value) || scalar.Value is not { Length: > 0 } text)
            Wrong(value, $"{Quote(key)} must be text, but {Describe(value)}.");
        else if (Unprintable(text) is { } character)
            Wrong(value, $"{Quote(key)} holds {character}, a character that no name, path or prompt has; remove it.");
        else return text;
        return current;
    }

    public string OptionalText(string key, string current) =>
        Find(key) is { } value && (IsNull(value) || value is YamlScalarNode { Value: null or "" }) ? "" : Text(key, current);

    public string? Word(string key, string? current, IReadOnlyList<string> words)
    {
        if (Find(key) is not { } value || (current is null && IsNull(value))) return current;
        var word = (value as YamlScalarNode)?.Value;
        if (word is not null && words.Contains(word, StringComparer.Ordinal)) return word;
        Wrong(value, $"{Quote(key)} must be one of {string.Join(", ", words)}, but {Describe(value)}.{NameSuggester.Suggestion(word ?? "", words)}");
        return current;
    }

    public ulong Seed(string key, ulong current)
    {
        if (Find(key) is not { } value) return current;
        if (value is YamlScalarNode scalar && ulong.TryParse(scalar.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        Wrong(value, $"{Quote(key)} must be a whole number from 0 to {ulong.MaxValue}, but {Describe(value)}.");
        return current;
    }

    public int Integer(string key, int current) => OptionalInteger(key, current) ?? current;

    public int? OptionalInteger(string key, int? current)
    {
        if (Find(key) is not { } value || (current is null && IsNull(value))) return current;
        if (value is YamlScalarNode scalar && int.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return number;
        Wrong(value, $"{Quote(key)} must be a whole number, but {Describe(value)}.{(current is { } example ? $" Write for example '{key}: {example}'." : "")}");
        return current;
    }

    public double Number(string key, double current) => OptionalNumber(key, current) ?? current;

    public double? OptionalNumber(string key, double? current)
    {
        if (Find(key) is not { } value || (current is null && IsNull(value))) return current;
        if (value is YamlScalarNode scalar && double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return number;
        Wrong(value, $"{Quote(key)} must be a number, but {Describe(value)}.{(current is { } example ? $" Write for example '{key}: {example.ToString(CultureInfo.InvariantCulture)}'." : "")}");
        return current;
    }

    public bool Flag(string key, bool current)
    {
        if (Find(key) is not { } value) return current;
        if ((value as YamlScalarNode)?.Value is "true" or "false") return ((YamlScalarNode)value).Value == "true";
        Wrong(value, $"{Quote(key)} must be true or false, but {Describe(value)}.");
        return current;
    }

    public ImmutableArray<string> List(string key, ImmutableArray<string> current, Func<string, string?> check)
    {
        switch (Find(key))
        {
            case null:
                return current;
            case YamlScalarNode { Value.Length: > 0 } single when !IsNull(single):
                return Check(key, single, check) ? [single.Value] : current;
            case YamlSequenceNode sequence:
                var items = ImmutableArray.CreateBuilder<string>();
                foreach (var item in sequence.Children)
                {
                    if (item is not YamlScalarNode { Value.Length: > 0 } scalar || IsNull(item)) Wrong(item, $"every entry of {Quote(key)} must be text, but {Describe(item)}.");
                    else if (Check(key, scalar, check)) items.Add(scalar.Value);
                }

                return items.ToImmutable();
            case { } other:
                Wrong(other, $"{Quote(key)} must be a list such as '[cat, dog]', but {Describe(other)}.");
                return current;
        }
    }

    public IRunFileSection Section(string key)
    {
        switch (Find(key))
        {
            case YamlMappingNode mapping:
                return new YamlSection(mapping, Full(key), findings);
            case { } nothing when IsNull(nothing):
            case null or YamlScalarNode { Value: null or "" }:
                return new YamlSection(new YamlMappingNode(), Full(key), findings);
            case { } other:
                Wrong(other, $"{Quote(key)} must be a group of indented keys, but {Describe(other)}.");
                return new YamlSection(new YamlMappingNode(), Full(key), findings);
        }
    }

    public void Report(string key, string message) => Wrong(Child(key) ?? node, message);

    public void Close()
    {
        foreach (var key in node.Children.Keys)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            if (_known.Contains(name)) continue;
            var where = path.Length == 0 ? "" : $" in '{path}'";
            var suggestion = NameSuggester.Suggestion(name, _known);
            Wrong(key, $"unknown key '{name}'{where}.{(suggestion.Length > 0 ? suggestion : $" Known here: {string.Join(", ", _known)}.")}");
        }
    }

    /// <summary>Whether an entry can be used; what is wrong with its meaning is told, and it stays in the list for later checks.</summary>
    private bool Check(string key, YamlScalarNode item, Func<string, string?> check)
    {
        if (Unprintable(item.Value!) is { } character)
        {
            Wrong(item, $"an entry of {Quote(key)} holds {character}, a character that no name, path or prompt has; remove it.");
            return false;
        }

        if (check(item.Value!) is { } problem) Wrong(item, problem);
        return true;
    }

    /// <summary>The first character that cannot be meant: a control character other than tab and line break, or half of a surrogate pair.</summary>
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

    /// <summary>YAML's null. A text of these letters stands in quotes.</summary>
    private static bool IsNull(YamlNode value) => value is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" or "Null" or "NULL" };

    private void Wrong(YamlNode at, string message) => findings.Add(at, message);

    private YamlNode? Find(string key)
    {
        if (!_known.Contains(key)) _known.Add(key);
        if (Child(key) is not { } value) return null;
        findings.Note(Full(key), value);
        if (value is YamlSequenceNode sequence)
            for (var i = 0; i < sequence.Children.Count; i++) findings.Note($"{Full(key)}[{i}]", sequence.Children[i]);
        return value;
    }

    private YamlNode? Child(string key) => node.Children.FirstOrDefault(pair => pair.Key is YamlScalarNode scalar && scalar.Value == key).Value;

    private string Full(string key) => path.Length == 0 ? key : $"{path}.{key}";

    private string Quote(string key) => $"'{Full(key)}'";

    private static string Describe(YamlNode value) => value switch
    {
        _ when IsNull(value) => "it is empty",
        YamlScalarNode scalar => $"it is '{scalar.Value}'",
        YamlSequenceNode => "it is a list",
        _ => "it is a group of keys",
    };

}
