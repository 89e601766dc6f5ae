using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;
using FreeMask.Vision.Export;

namespace FreeMask.Cli.Runs;

/// <summary>Where a run keeps what people look at: <c>runs/ID</c> in the data folder.</summary>
internal sealed class RunFolder(DataFolder data, string run)
{
    internal const string DatasetFormat = "voc";

    internal string Root { get; } = Path.Combine(data.Root, "runs", run);

    /// <summary>The ids of all runs that have a folder.</summary>
    internal static IReadOnlyList<string> All(DataFolder data) => Path.Combine(data.Root, "runs") is var runs && Directory.Exists(runs)
        ? [.. Directory.EnumerateDirectories(runs).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>The run file with every default written out.</summary>
    internal string RunFile => Path.Combine(Root, "run.yaml");

    /// <summary>The schema that <see cref="RunFile"/> names in its first line.</summary>
    internal string RunFileSchema => Path.Combine(Root, RunFileJsonSchema.FileName);

    internal string Report => Path.Combine(Root, "report.html");

    /// <summary>The export of the kept samples.</summary>
    internal string Dataset => Path.Combine(Root, "dataset");

    /// <summary>Where readers of the data set begin; what every document calls the data set.</summary>
    internal string DatasetRoot => Path.Combine(Dataset, DatasetExporter.Format(DatasetFormat).DataRoot);

    internal string Segmenter => Path.Combine(Root, "segmenter");

    /// <summary>A document of the run with the paths of what lies here.</summary>
    internal RunDocument Describe(RunDocument document) => document with
    {
        Dataset = Directory.Exists(DatasetRoot) ? DatasetRoot : null,
        Segmenter = Directory.Exists(Segmenter) ? Segmenter : null,
        Report = File.Exists(Report) ? Report : null,
    };

    internal string Manifest => Path.Combine(Root, "manifest.jsonl");
}
