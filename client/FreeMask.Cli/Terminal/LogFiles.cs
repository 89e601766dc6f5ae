using System.Globalization;

namespace FreeMask.Cli.Terminal;

/// <summary>
/// The log files of a data folder: <c>RUN.log</c> for each run, <c>freemask.log</c> for entries of no run. A file that exceeds the limit
/// is rotated to <c>RUN.log.1</c>, then <c>RUN.log.2</c>, and is then removed.
/// </summary>
internal sealed class LogFiles(DataFolder data)
{
    internal const long LargestFile = 8 << 20;

    internal const string General = "freemask";

    private const string Suffix = ".log";
    private const int Kept = 2;

    /// <summary>The runs with a log.</summary>
    internal IReadOnlyList<string> Runs =>
        Directory.Exists(data.Logs)
            ?
            [
                .. Directory
                    .EnumerateFiles(data.Logs, "*" + Suffix)
                    .Select(file => Path.GetFileNameWithoutExtension(file)!)
                    .Where(name => name != General && Directory.Exists(Path.Combine(data.Root, "runs", name))),
            ]
            : [];

    /// <summary>The run whose log was written last; null if there is none.</summary>
    internal string? Newest => Runs.MaxBy(run => File.GetLastWriteTimeUtc(PathOf(run)));

    /// <summary>The current file.</summary>
    internal string PathOf(string run) => Path.Combine(data.Logs, run + Suffix);

    /// <summary>The existing files of a run's log, oldest first.</summary>
    internal IReadOnlyList<string> Of(string run) =>
        run.Any(c => c is '/' or '\\')
            ? []
            : [.. Enumerable.Range(1, Kept).Reverse().Select(number => Old(run, number)).Append(PathOf(run)).Where(File.Exists)];

    /// <summary>Rotates the files.</summary>
    internal void Rotate(string run)
    {
        for (var number = Kept - 1; number >= 1; number--)
            if (File.Exists(Old(run, number))) File.Move(Old(run, number), Old(run, number + 1), overwrite: true);
        File.Move(PathOf(run), Old(run, 1), overwrite: true);
    }

    private string Old(string run, int number) => string.Create(CultureInfo.InvariantCulture, $"{PathOf(run)}.{number}");
}
