namespace FreeMask.Dashboard.Reports;

/// <summary>A report that the command line wrote.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="WrittenAt">When (UTC).</param>
/// <param name="Bytes">The size of the page.</param>
internal sealed record StoredReport(string Run, DateTimeOffset WrittenAt, long Bytes);

/// <summary>The reports in a data folder: <c>runs/ID/report.html</c>.</summary>
/// <param name="dataFolder">The data folder; null if it is out of reach.</param>
internal sealed class ReportDirectory(string? dataFolder)
{
    private readonly string? _runs = dataFolder is null ? null : Path.Combine(Path.GetFullPath(dataFolder), "runs");

    /// <summary>All reports, newest first.</summary>
    internal IReadOnlyList<StoredReport> List() => _runs is null || !Directory.Exists(_runs)
        ? []
        : [.. Directory.EnumerateDirectories(_runs)
            .Select(folder => (Run: Path.GetFileName(folder), File: new FileInfo(Path.Combine(folder, "report.html"))))
            .Where(item => item.File.Exists)
            .Select(item => new StoredReport(item.Run, new DateTimeOffset(item.File.LastWriteTimeUtc, TimeSpan.Zero), item.File.Length))
            .OrderByDescending(report => report.WrittenAt).ThenBy(report => report.Run, StringComparer.Ordinal)];

    /// <summary>The path of a report; null if the run has none. Only names from <see cref="List"/> are accepted.</summary>
    internal string? Find(string run) => List().Any(report => report.Run == run) ? Path.Combine(_runs!, run, "report.html") : null;
}
