using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Vision;
using FreeMask.Vision.Affinity;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FreeMask.Cli.RunFiles;

/// <summary>Reads and writes run files: YAML that holds what differs from the defaults of <see cref="RunSpec"/>.</summary>
internal static class RunFile
{
    /// <summary>Reads a run file; the name of the run is the file's unless it has one.</summary>
    /// <exception cref="RunFileException">The file has problems; all of them are in the message, with line and column.</exception>
    /// <exception cref="FreeMaskException">There is no such file.</exception>
    internal static async Task<RunSpec> ReadAsync(string path, Func<string, IRunFileWorld> worldAt, CancellationToken stop)
    {
        if (Directory.Exists(path)) throw new FreeMaskException($"'{path}' is a folder. Name a run file, such as examples/quickstart.yaml.");
        if (!File.Exists(path)) throw new FreeMaskException($"There is no run file '{path}'.{Neighbours(path)}");
        var text = await File.ReadAllTextAsync(path, stop);
        return Parse(text, path, worldAt(Path.GetDirectoryName(Path.GetFullPath(path))!));
    }

    /// <summary>Reads the text of a run file; <paramref name="path"/> serves messages and the default name.</summary>
    internal static RunSpec Parse(string text, string path, IRunFileWorld world)
    {
        var findings = new RunFileFindings();
        var root = Load(text, findings);
        var spec = new RunSpec { Name = Path.GetFileNameWithoutExtension(path), Classes = [] };
        if (root is not null)
        {
            spec = RunFileSchema.Visit(spec, new YamlSection(root, "", findings), world);
            foreach (var problem in RunSpecValidator.Validate(spec)) findings.AddAt(problem.Path, problem.Message);
        }

        return findings.Problems is { Count: > 0 } problems ? throw new RunFileException(path, problems) : spec;
    }

    /// <summary>Every key of a specification as YAML, defaults included.</summary>
    internal static string Write(RunSpec spec)
    {
        var writer = new YamlSectionWriter();
        RunFileSchema.Visit(spec, writer, Anything.World);
        using var text = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(writer.Node)).Save(text, assignAnchors: false);
        return text.ToString().Replace("\n...\n", "\n", StringComparison.Ordinal);
    }

    private static YamlMappingNode? Load(string text, RunFileFindings findings)
    {
        var scanner = new Scanner(new StringReader(text));
        try
        {
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
        catch (InvalidOperationException)
        {
            // What the scanner throws where a flow collection is never closed.
            findings.Add(scanner.CurrentPosition, NotYaml("a '[' or '{' above is not closed"));
        }

        return null;
    }

    private static string NotYaml(string why) => $"this is no valid YAML: {why.TrimEnd('.')}. Check indentation, colons and brackets here.";

    /// <summary>The first tab in an indentation. YAML forbids them, and parsers report them at odd places.</summary>
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

    private static string Neighbours(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder)) return $" The folder '{folder}' does not exist either.";
        var files = Directory.EnumerateFiles(folder, "*.y*ml").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal).ToList();
        return Names.Nearest(Path.GetFileName(path), files) is { } near ? $" Did you mean '{Path.Combine(Path.GetDirectoryName(path) ?? "", near)}'?" : "";
    }

    /// <summary>A specification that ran once is written as it is, whatever has become of the folders it names.</summary>
    private sealed class Anything : IRunFileWorld
    {
        internal static readonly Anything World = new();

        public IReadOnlyList<string> BundleNames => [];

        public string FindBundle(string nameOrFolder) => nameOrFolder;

        public string FindDataset(string folder) => folder;

        public string FindSegmenter(string folder) => folder;

        public (string Folder, AffinityConfig Config)? FindAffinity(string folder) => (folder, new AffinityConfig());

        public IReadOnlyList<(string Name, byte ClassId)> ReadSamples(string folder, string? list, IReadOnlyList<int> classes) => [];
    }
}
