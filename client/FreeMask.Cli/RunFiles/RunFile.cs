using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.RunSpecs;
using YamlDotNet.RepresentationModel;

namespace FreeMask.Cli.RunFiles;

/// <summary>Reads and writes run files: YAML with the keys of <see cref="RunKeys"/>.</summary>
internal static class RunFile
{
    private const int LargestFile = 1 << 20;

    /// <summary>Reads a run file. Without a name in the file, the run has the name of the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="resolverAt">The resolver for run files in a folder.</param>
    /// <param name="check">Finds further problems of a specification whose references are resolved; null for none.</param>
    /// <param name="stop">Cancels.</param>
    /// <param name="settings">Values that replace those of the file.</param>
    /// <exception cref="RunFileException">The file has problems; all of them are in the message, with line and column.</exception>
    /// <exception cref="FreeMaskException">There is no such file.</exception>
    internal static async Task<RunSpec> ReadAsync(
        string path,
        Func<string, IRunFileResolver> resolverAt,
        Func<RunSpec, IEnumerable<SpecProblem>>? check,
        CancellationToken stop,
        params IReadOnlyList<RunFileSetting> settings
    )
    {
        if (Directory.Exists(path))
            throw new FreeMaskException($"'{path}' is a folder. Name a run file, such as examples/quickstart.yaml.");
        if (!File.Exists(path)) throw new FreeMaskException($"There is no run file '{path}'.{SimilarFiles(path)}");
        var text = await ReadTextAsync(path, stop);
        return Parse(text, path, resolverAt(Path.GetDirectoryName(Path.GetFullPath(path))!), check, settings);
    }

    /// <summary>Reads at most the maximum size of a run file: the path may refer to an image or to an endless device.</summary>
    private static async Task<string> ReadTextAsync(string path, CancellationToken stop)
    {
        var bytes = new byte[LargestFile + 1];
        await using var file = File.OpenRead(path);
        var length = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, stop);
        if (length > LargestFile) throw new FreeMaskException($"'{path}' is no run file: it has more than {LargestFile >> 20} MiB.");
        using var reader = new StreamReader(
            new MemoryStream(bytes, 0, length),
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true)
        );
        try
        {
            return await reader.ReadToEndAsync(stop);
        }
        catch (DecoderFallbackException)
        {
            throw new FreeMaskException($"'{path}' is no run file: it is not text in UTF-8.");
        }
    }

    /// <summary>Parses the text of a run file; <paramref name="path"/> is used in messages and for the default name.</summary>
    internal static RunSpec Parse(string text, string path, IRunFileResolver resolver, params IReadOnlyList<RunFileSetting> settings) =>
        Parse(text, path, resolver, null, settings);

    private static RunSpec Parse(
        string text,
        string path,
        IRunFileResolver resolver,
        Func<RunSpec, IEnumerable<SpecProblem>>? check,
        IReadOnlyList<RunFileSetting> settings
    )
    {
        var findings = new RunFileFindings();
        var root = RunFileYaml.Load(text, findings);
        if (root is not null)
            foreach (var setting in settings) Set(root, setting, findings);
        var spec = new RunSpec { Name = Path.GetFileNameWithoutExtension(path), Classes = [] };
        if (root is not null)
        {
            spec = new RunFileReader(root, findings).Read(spec);
            spec = new RunFileReferences(resolver, findings).Resolve(spec);
            foreach (var problem in RunSpecValidator.Validate(spec)) findings.AddAt(problem.Path, problem.Message);
            foreach (var (key, message) in check?.Invoke(spec) ?? [])
                findings.Report(key, key.Length == 0 ? $"{message}." : $"'{key}': {message}.");
        }

        return findings.Problems is { Count: > 0 } problems ? throw new RunFileException(path, problems) : spec;
    }

    /// <summary>Writes every key of a specification as YAML, including defaults.</summary>
    internal static string Write(RunSpec spec)
    {
        using var text = new StringWriter { NewLine = "\n" };
        text.WriteLine(RunFileJsonSchema.Comment(RunFileJsonSchema.FileName));
        new YamlStream(new YamlDocument(RunFileWriter.Write(spec))).Save(text, assignAnchors: false);
        return text.ToString().Replace("\n...\n", "\n", StringComparison.Ordinal);
    }

    /// <summary>Replaces the value of a key in the tree; adds the key and its section if they are absent.</summary>
    private static void Set(YamlMappingNode root, RunFileSetting setting, RunFileFindings findings)
    {
        if (RunFileYaml.Load($"value: {setting.Value}", new RunFileFindings()) is not { Children: { Count: 1 } pairs })
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

    private static string SimilarFiles(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder)) return $" The folder '{folder}' does not exist either.";
        var files = Directory
            .EnumerateFiles(folder, "*.y*ml")
            .Select(file => Path.GetFileName(file)!)
            .Order(StringComparer.Ordinal)
            .ToList();
        return NameSuggester.Nearest(Path.GetFileName(path), files) is { } near
            ? $" Did you mean '{Path.Combine(Path.GetDirectoryName(path) ?? "", near)}'?"
            : "";
    }
}
