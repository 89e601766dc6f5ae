using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Runs;

/// <summary>Sizes of a data folder, in bytes.</summary>
/// <param name="Artifacts">Images, maps, models and checkpoints.</param>
/// <param name="State">The records of runs.</param>
/// <param name="Products">Data sets, segmenters and reports.</param>
/// <param name="Logs">Logs.</param>
internal sealed record StorageSizes(long Artifacts, long State, long Products, long Logs)
{
    /// <summary>The total.</summary>
    public long Total => Artifacts + State + Products + Logs;

    /// <summary>Measures a folder; files that disappear meanwhile are not counted.</summary>
    internal static StorageSizes Of(DataFolder data) => new(
        Below(Path.Combine(data.Root, "artifacts")),
        Directory.Exists(data.Root) ? Sum(Directory.EnumerateFiles(data.Root, "state.db*")) : 0,
        Below(Path.Combine(data.Root, "runs")),
        Below(data.Logs));

    private static long Below(string folder) => Directory.Exists(folder)
        ? Sum(Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }))
        : 0;

    private static long Sum(IEnumerable<string> files) =>
        files.Sum(file => new FileInfo(file) is { Exists: true } found ? found.Length : 0);
}
