using System.CommandLine;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask logs RUN</c>: shows the log of a run in this data folder.</summary>
internal static class LogsVerb
{
    internal static Command Create(VerbHost host)
    {
        var run = Arguments.OptionalRun();
        var lines = new Option<int>("--lines")
        {
            Description = "How many lines from the end; 0 for all.",
            DefaultValueFactory = _ => 100,
            HelpName = "N",
        }.Within(0, int.MaxValue);
        return host.Handle(new Command("logs", "Show the log of a run. Default: the newest one.") { run, lines }, (parsed, context, _) =>
        {
            var logs = new LogFiles(context.Data);
            var named = parsed.GetValue(run) ?? logs.Newest ?? throw new FreeMaskException($"There is no log in {context.Data.Logs} yet.");
            var files = logs.Of(named);
            if (files.Count == 0)
                throw new FreeMaskException(
                    $"There is no log of a run '{named}' in {context.Data.Logs}.{NameSuggester.Suggestion(named, logs.Runs)}"
                );
            var all = files.SelectMany(File.ReadLines);
            var wanted = parsed.GetValue(lines) is > 0 and var count ? all.TakeLast(count) : all;
            List<string> shown = [.. wanted];
            return Task.FromResult(new VerbResult(new { run = named, files, lines = shown }, console =>
            {
                foreach (var line in shown) console.Profile.Out.Writer.WriteLine(line);
            }));
        });
    }
}
