using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FreeMask.Cli.RunFiles;

/// <summary>Parses the YAML of a run file and reports syntax errors.</summary>
internal static class RunFileYaml
{
    private const int DeepestNesting = 50;

    /// <summary>The mapping at the top of a text; null, with a problem, if there is none.</summary>
    internal static YamlMappingNode? Load(string text, RunFileFindings findings)
    {
        var scanner = new Scanner(new StringReader(text));
        try
        {
            if (TooDeep(new Parser(scanner)) is { } place)
            {
                findings.Add(place, $"this is nested more than {DeepestNesting} levels deep; a run file needs three.");
                return null;
            }

            scanner = new Scanner(new StringReader(text));
            var stream = new YamlStream();
            stream.Load(new Parser(scanner));
            if (stream.Documents is [{ RootNode: YamlMappingNode root }]) return root;
            findings.Add(Mark.Empty, stream.Documents.Count == 0
                ? "the file is empty. A run file needs at least 'classes: [cat, dog]'."
                : "a run file is one group of 'key: value' lines, such as 'classes: [cat, dog]'.");
        }
        catch (Exception) when (TabIndent(text) is not null)
        {
            findings.Add(TabIndent(text)!.Value, "this is no valid YAML: the line is indented with a tab. Use spaces.");
        }
        catch (YamlException invalid)
        {
            findings.Add(invalid.Start, NotYaml(invalid.Message));
        }
        catch (ArgumentException)
        {
            // The tree is built with this for a ':' that begins the first line of a group.
            findings.Add(scanner.CurrentPosition, NotYaml("there is no key before a ':' above"));
        }
        catch (InvalidOperationException)
        {
            // The scanner throws this for an unterminated flow collection.
            findings.Add(scanner.CurrentPosition, NotYaml("a '[' or '{' above is not closed"));
        }

        return null;
    }

    /// <summary>
    /// The position at which the nesting exceeds that of any run file. The tree is built recursively, so deep nesting would overflow the
    /// stack.
    /// </summary>
    private static Mark? TooDeep(Parser parser)
    {
        for (var depth = 0; parser.MoveNext();)
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > DeepestNesting) return parser.Current.Start;
        }

        return null;
    }

    private static string NotYaml(string why) => $"this is no valid YAML: {why.TrimEnd('.')}. Check indentation, colons and brackets here.";

    /// <summary>The first tab in an indentation. YAML forbids tabs, and parsers report them at other positions.</summary>
    private static Mark? TabIndent(string text)
    {
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var indent = lines[i].Length - lines[i].TrimStart().Length;
            var tab = lines[i].AsSpan(0, indent).IndexOf('\t');
            if (tab >= 0) return new Mark(0, i + 1, tab + 1);
        }

        return null;
    }
}
