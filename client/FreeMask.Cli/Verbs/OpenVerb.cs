using System.CommandLine;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask open RUN</c>: shows the report of a run in the browser.</summary>
internal static class OpenVerb
{
    internal static Command Create(VerbHost host)
    {
        var run = Arguments.OptionalRun();
        return host.Handle(
            new Command("open", "Show the report of a run in the browser. Default: the newest report.") { run },
            (parsed, context, _) =>
            {
                var report = Find(context.Data, parsed.GetValue(run));
                var opened = host.OpenDocument(report);
                if (!opened)
                    context.WriteMessage("No program to show it could be started here; open it with a browser.");
                return Task.FromResult(new VerbResult(new { report, opened }, console => console.Profile.Out.Writer.WriteLine(report)));
            }
        );
    }

    /// <summary>Reports are files, so that no engine is needed.</summary>
    private static string Find(DataFolder data, string? named)
    {
        var runs = RunFolder.All(data);
        if (named is not null && !runs.Contains(named, StringComparer.Ordinal))
            throw new FreeMaskException(
                $"There is no run '{named}' in {data.Root}.{NameSuggester.Suggestion(named, runs)} "
                    + $"{(runs.Count == 0 ? "It has no runs; --data names another folder." : $"Its runs: {string.Join(", ", runs)}.")}"
            );
        var reports = (named is null ? runs : [named]).Select(run => new RunFolder(data, run).Report).Where(File.Exists).ToList();
        return reports.MaxBy(File.GetLastWriteTimeUtc)
            ?? throw new FreeMaskException(
                named is null
                    ? $"There is no report in {data.Root} yet."
                    : $"Run '{named}' has no report yet; 'freemask report {named}' writes one."
            );
    }
}
