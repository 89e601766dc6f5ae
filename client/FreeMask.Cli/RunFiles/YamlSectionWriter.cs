using System.Collections.Immutable;
using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace FreeMask.Cli.RunFiles;

/// <summary>A group of keys that notes every value it is shown and changes none.</summary>
internal sealed class YamlSectionWriter : IRunFileSection
{
    internal YamlMappingNode Node { get; } = new();

    public string Text(string key, string current) => Note(key, current, Scalar(current, quoted: true));

    public string OptionalText(string key, string current) => Note(key, current, Scalar(current, quoted: true));

    public string? Word(string key, string? current, IReadOnlyList<string> words) => current is null ? null : Note(key, current, Scalar(current));

    public ulong Seed(string key, ulong current) => Note(key, current, Scalar(current.ToString(CultureInfo.InvariantCulture)));

    public int Integer(string key, int current) => Note(key, current, Scalar(current.ToString(CultureInfo.InvariantCulture)));

    public int? OptionalInteger(string key, int? current) =>
        current is { } number ? Note(key, number, Scalar(number.ToString(CultureInfo.InvariantCulture))) : null;

    public double Number(string key, double current) =>
        Note(key, current, Scalar(current.ToString("R", CultureInfo.InvariantCulture)));

    public double? OptionalNumber(string key, double? current) =>
        current is { } number ? Note(key, number, Scalar(number.ToString("R", CultureInfo.InvariantCulture))) : null;

    public bool Flag(string key, bool current) => Note(key, current, Scalar(current ? "true" : "false"));

    public ImmutableArray<string> List(string key, ImmutableArray<string> current, Func<string, string?> check)
    {
        var flow = current.All(item => item.Length < 16);
        return Note(key, current, new YamlSequenceNode(current.Select(item => Scalar(item, quoted: !flow)))
        {
            Style = flow ? SequenceStyle.Flow : SequenceStyle.Block,
        });
    }

    public IRunFileSection Section(string key)
    {
        var section = new YamlSectionWriter();
        Node.Add(key, section.Node);
        return section;
    }

    public void Report(string key, string message) { }

    public void Close() { }

    private T Note<T>(string key, T value, YamlNode written)
    {
        Node.Add(key, written);
        return value;
    }

    private static YamlScalarNode Scalar(string text, bool quoted = false) =>
        new(text) { Style = quoted ? ScalarStyle.DoubleQuoted : ScalarStyle.Any };
}
