using System.Collections.Immutable;
using System.Globalization;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.RunSpecs;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace FreeMask.Cli.RunFiles;

/// <summary>Writes a specification as YAML: every key of <see cref="RunKeys"/> that has a value, defaults included.</summary>
internal static class RunFileWriter
{
    internal static YamlMappingNode Write(RunSpec spec)
    {
        var root = new YamlMappingNode();
        foreach (var section in RunKeys.All.GroupBy(key => key.Section))
        {
            var node = section.Key.Length == 0 ? root : [];
            foreach (var key in section)
                if (key.Get(spec) is { } value) node.Add(key.Name, Node(key, value));
            if (node != root) root.Add(section.Key, node);
        }

        return root;
    }

    private static YamlNode Node(RunKey key, object value) => value switch
    {
        ImmutableArray<string> list => List(list),
        string text => Scalar(text, quoted: key.Type == RunKeyType.Text),
        double number => Scalar(number.ToString("R", CultureInfo.InvariantCulture)),
        bool flag => Scalar(flag ? "true" : "false"),
        _ => Scalar(Convert.ToString(value, CultureInfo.InvariantCulture)!),
    };

    private static YamlSequenceNode List(ImmutableArray<string> list)
    {
        var isShort = list.All(item => item.Length < 16);
        return new(list.Select(item => Scalar(item, quoted: !isShort))) { Style = isShort ? SequenceStyle.Flow : SequenceStyle.Block };
    }

    private static YamlScalarNode Scalar(string text, bool quoted = false) =>
        new(text) { Style = quoted ? ScalarStyle.DoubleQuoted : ScalarStyle.Any };
}
