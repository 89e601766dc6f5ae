using System.Globalization;

namespace FreeMask.Cli.Terminal;

/// <summary>
/// The log files of a data folder: <c>RUN.log</c> for each run, <c>freemask.log</c> for what belongs to none. A file that grows too long becomes <c>RUN.log.1</c>, which
/// becomes <c>RUN.log.2</c>, and the oldest goes.
/// </summary>
internal sealed class LogFiles(DataFolder data)
{
    internal const long LargestFile = 8 << 20;

    internal const string General = "freemask";

    private const string Suffix = ".log";
    private const int Kept = 2;

    /// <summary>The runs that have a log.</summary>
    internal IReadOnlyList<string> Runs => Directory.Exists(data.Logs)
        ? [.. Directory.EnumerateFiles(data.Logs, "*" + Suffix).Select(file => Path.GetFileNameWithoutExtension(file)!).Where(name => name != General && Directory.Exists(Path.Combine(data.Root, "runs", name)))]
        : [];

    /// <summary>The run whose log was written last; null where there is none.</summary>
    internal string? Newest => Runs.MaxBy(run => File.GetLastWriteTimeUtc(PathOf(run)));

    /// <summary>The file that new entries go to.</summary>
    internal string PathOf(string run) => Path.Combine(data.Logs, run + Suffix);

    /// <summary>The files of a run's log that there are, oldest first.</summary>
    internal IReadOnlyList<string> Of(string run) =>
        run.Any(c => c is '/' or '\\') ? [] : [.. Enumerable.Range(1, Kept).Reverse().Select(number => Old(run, number)).Append(PathOf(run)).Where(File.Exists)];

    /// <summary>Makes room for a new file.</summary>
    internal void Rotate(string run)
    {
        for (var number = Kept - 1; number >= 1; number--)
            if (File.Exists(Old(run, number))) File.Move(Old(run, number), Old(run, number + 1), overwrite: true);
        File.Move(PathOf(run), Old(run, 1), overwrite: true);
    }

    private string Old(string run, int number) => string.Create(CultureInfo.InvariantCulture, $"{PathOf(run)}.{number}");
}
