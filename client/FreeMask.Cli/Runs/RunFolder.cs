using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Runs;

/// <summary>Where a run keeps what people look at: <c>runs/ID</c> in the data folder.</summary>
internal sealed class RunFolder(DataFolder data, string run)
{
    internal string Root { get; } = Path.Combine(data.Root, "runs", run);

    /// <summary>The run file with every default written out.</summary>
    internal string RunFile => Path.Combine(Root, "run.yaml");

    internal string Report => Path.Combine(Root, "report.html");

    internal string Dataset => Path.Combine(Root, "dataset");

    internal string Segmenter => Path.Combine(Root, "segmenter");

    internal string Manifest => Path.Combine(Root, "manifest.jsonl");
}
