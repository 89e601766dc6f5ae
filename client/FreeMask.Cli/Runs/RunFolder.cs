using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;
using FreeMask.Vision.Export;

namespace FreeMask.Cli.Runs;

/// <summary>The folder of a run's products: <c>runs/ID</c> in the data folder.</summary>
internal sealed class RunFolder(DataFolder data, string run)
{
    internal const string DatasetFormat = "voc";

    internal string Root { get; } = Path.Combine(data.Root, "runs", run);

    /// <summary>The ids of all runs with a folder.</summary>
    internal static IReadOnlyList<string> All(DataFolder data) => Path.Combine(data.Root, "runs") is var runs && Directory.Exists(runs)
        ? [.. Directory.EnumerateDirectories(runs).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>The run file with all defaults.</summary>
    internal string RunFile => Path.Combine(Root, "run.yaml");

    /// <summary>The schema that <see cref="RunFile"/> refers to in its first line.</summary>
    internal string RunFileSchema => Path.Combine(Root, RunFileJsonSchema.FileName);

    internal string Report => Path.Combine(Root, "report.html");

    /// <summary>The export of the kept samples.</summary>
    internal string Dataset => Path.Combine(Root, "dataset");

    /// <summary>The entry file of the export for readers, which documents call the data set.</summary>
    internal string DatasetRoot => Path.Combine(Dataset, DatasetExporter.Format(DatasetFormat).DataRoot);

    internal string Segmenter => Path.Combine(Root, "segmenter");

    /// <summary>The document of the run with the paths of its products.</summary>
    internal RunDocument Describe(RunDocument document) => document with
    {
        Dataset = Directory.Exists(DatasetRoot) ? DatasetRoot : null,
        Segmenter = Directory.Exists(Segmenter) ? Segmenter : null,
        Report = File.Exists(Report) ? Report : null,
    };

    internal string Manifest => Path.Combine(Root, "manifest.jsonl");
}
