using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Vision.Affinity;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FreeMask.Cli.RunFiles;

/// <summary>Reads and writes run files: YAML that holds what differs from the defaults of <see cref="RunSpec"/>.</summary>
internal static class RunFile
{
    private const int LargestFile = 1 << 20, DeepestNesting = 50;

    /// <summary>Reads a run file; the name of the run is the file's unless it has one.</summary>
    /// <exception cref="RunFileException">The file has problems; all of them are in the message, with line and column.</exception>
    /// <exception cref="FreeMaskException">There is no such file.</exception>
    internal static async Task<RunSpec> ReadAsync(string path, Func<string, IRunFileResolver> resolverAt, CancellationToken stop, params IReadOnlyList<RunFileSetting> settings)
    {
        if (Directory.Exists(path)) throw new FreeMaskException($"'{path}' is a folder. Name a run file, such as examples/quickstart.yaml.");
        if (!File.Exists(path)) throw new FreeMaskException($"There is no run file '{path}'.{Neighbours(path)}");
        var text = await ReadTextAsync(path, stop);
        return Parse(text, path, resolverAt(Path.GetDirectoryName(Path.GetFullPath(path))!), settings);
    }

    /// <summary>Reads no more than a run file can have: the path may name a picture, or a device that never ends.</summary>
    private static async Task<string> ReadTextAsync(string path, CancellationToken stop)
    {
        var bytes = new byte[LargestFile + 1];
        await using var file = File.OpenRead(path);
        var length = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, stop);
        if (length > LargestFile) throw new FreeMaskException($"'{path}' is no run file: it has more than {LargestFile >> 20} MiB.");
        using var reader = new StreamReader(new MemoryStream(bytes, 0, length), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        try
        {
            return await reader.ReadToEndAsync(stop);
        }
        catch (DecoderFallbackException)
        {
            throw new FreeMaskException($"'{path}' is no run file: it is not text in UTF-8.");
        }
    }

    /// <summary>Reads the text of a run file; <paramref name="path"/> serves messages and the default name.</summary>
    internal static RunSpec Parse(string text, string path, IRunFileResolver resolver, params IReadOnlyList<RunFileSetting> settings)
    {
        var findings = new RunFileFindings();
        var root = Load(text, findings);
        if (root is not null)
            foreach (var setting in settings) Set(root, setting, findings);
        var spec = new RunSpec { Name = Path.GetFileNameWithoutExtension(path), Classes = [] };
        if (root is not null)
        {
            spec = RunFileSchema.Visit(spec, new YamlSection(root, "", findings), resolver);
            foreach (var problem in RunSpecValidator.Validate(spec)) findings.AddAt(problem.Path, problem.Message);
        }

        return findings.Problems is { Count: > 0 } problems ? throw new RunFileException(path, problems) : spec;
    }

    /// <summary>Every key of a specification as YAML, defaults included.</summary>
    internal static string Write(RunSpec spec)
    {
        var writer = new YamlSectionWriter();
        RunFileSchema.Visit(spec, writer, AnyTarget.Instance);
        using var text = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(writer.Node)).Save(text, assignAnchors: false);
        return text.ToString().Replace("\n...\n", "\n", StringComparison.Ordinal);
    }

    /// <summary>Puts a setting in the place of what the file says, in groups that are made where the file has none.</summary>
    private static void Set(YamlMappingNode root, RunFileSetting setting, RunFileFindings findings)
    {
        var own = new RunFileFindings();
        if (Load($"value: {setting.Value}", own) is not { Children: { Count: 1 } pairs })
            throw new FreeMaskException($"{setting.Origin}: the value is no valid YAML. Quote it, as in --set 'name=\"a: b\"'.");
        var group = root;
        var keys = setting.Key.Split('.');
        for (var i = 0; i < keys.Length; i++)
        {
            var key = group.Children.Keys.FirstOrDefault(node => node is YamlScalarNode scalar && scalar.Value == keys[i]);
            var isLast = i == keys.Length - 1;
            if (key is not null && !isLast && group.Children[key] is YamlMappingNode below)
            {
                group = below;
                continue;
            }

            var value = isLast ? pairs.First().Value : new YamlMappingNode();
            if (key is not null) group.Children.Remove(key);
            key = new YamlScalarNode(keys[i]);
            findings.FromSetting(key, setting.Origin);
            findings.FromSetting(value, setting.Origin);
            group.Children.Add(key, value);
            if (value is YamlMappingNode made) group = made;
        }
    }

    private static YamlMappingNode? Load(string text, RunFileFindings findings)
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
        catch (InvalidOperationException)
        {
            // What the scanner throws where a flow collection is never closed.
            findings.Add(scanner.CurrentPosition, NotYaml("a '[' or '{' above is not closed"));
        }

        return null;
    }

    /// <summary>Where the nesting becomes deeper than any run file's. The tree is made by recursion, which would end the process.</summary>
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
        return NameSuggester.Nearest(Path.GetFileName(path), files) is { } near ? $" Did you mean '{Path.Combine(Path.GetDirectoryName(path) ?? "", near)}'?" : "";
    }

    /// <summary>A specification that ran once is written as it is, whatever has become of the folders it names.</summary>
    private sealed class AnyTarget : IRunFileResolver
    {
        internal static readonly AnyTarget Instance = new();

        public IReadOnlyList<string> BundleNames => [];

        public string FindBundle(string nameOrFolder) => nameOrFolder;

        public string FindDataset(string folder) => folder;

        public string FindSegmenter(string folder) => folder;

        public (string Folder, AffinityConfig Config)? FindAffinity(string folder) => (folder, new AffinityConfig());

        public IReadOnlyList<(string Name, byte ClassId)> ReadSamples(string folder, string? list, IReadOnlyList<int> classes) => [];
    }
}
