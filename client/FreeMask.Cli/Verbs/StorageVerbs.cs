using System.CommandLine;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Verbs;

/// <summary>The verbs that free disk space: <c>rm</c>, <c>gc</c>.</summary>
internal static class StorageVerbs
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    internal static Command Remove(VerbHost host)
    {
        var run = Arguments.Run();
        var keep = new Option<bool>("--keep-products") { Description = "Leave the run's data set, segmenter and report where they are." };
        return host.Handle(
            new Command("rm", "Remove a run that is not at work: its records, its images, and what it wrote.") { run, keep },
            async (parsed, context, stop) =>
            {
                string id;
                await using (var reader = await host.ReadEngineAsync(context, stop))
                {
                    id = await RunIds.FindAsync(reader, parsed.GetRequiredValue(run), _ => true, "such");
                    if (reader.IsRemote && await reader.Run(id).GetStatus() is { State: RunState.Running })
                        throw new FreeMaskException($"Run '{id}' is at work; 'freemask pause {id}' or 'freemask cancel {id}' first.");
                }

                await using var engine = await host.OpenEngineAsync(context, stop);
                // The record of an interrupted run still has the state Running.
                if (!engine.IsRemote)
                    await engine.Run(id).Pause("to be removed");
                while (!(await engine.Run(id).GetStatus()).Idle)
                    await Task.Delay(Interval, context.Time, stop);
                await engine.Run(id).Remove();
                var folder = new RunFolder(context.Data, id).Root;
                if (!parsed.GetValue(keep) && Directory.Exists(folder))
                    Directory.Delete(folder, recursive: true);
                foreach (var log in new LogFiles(context.Data).Of(id))
                    File.Delete(log);
                var report = await CollectAsync(engine, context, countOnly: false, stop);
                return new VerbResult(
                    new
                    {
                        removed = id,
                        artifacts = report.Removed,
                        bytes = report.RemovedBytes,
                    },
                    console =>
                        console.Profile.Out.Writer.WriteLine(
                            $"Run '{id}' is removed, and {report.Removed} artifacts with it ({ByteSize.Megabytes(report.RemovedBytes)})."
                        )
                );
            }
        );
    }

    internal static Command Collect(VerbHost host)
    {
        var dry = new Option<bool>("--dry-run") { Description = "Count what would be removed, and remove nothing." };
        return host.Handle(
            new Command("gc", "Remove artifacts that no run needs any more. While a run is at work, what is younger than an hour stays.")
            {
                dry,
            },
            async (parsed, context, stop) =>
            {
                await using var engine = await host.OpenEngineAsync(context, stop);
                var report = await CollectAsync(engine, context, parsed.GetValue(dry), stop);
                if (report.Error is { } error)
                    throw new FreeMaskException($"Nothing more was removed: {error}");
                var word = parsed.GetValue(dry) ? "would be removed" : "were removed";
                return new VerbResult(
                    new
                    {
                        dryRun = parsed.GetValue(dry),
                        artifacts = report.Found,
                        removed = report.Removed,
                        bytes = report.RemovedBytes,
                    },
                    console =>
                        console.Profile.Out.Writer.WriteLine(
                            $"{report.Removed} of {report.Found} artifacts {word} ({ByteSize.Megabytes(report.RemovedBytes)})."
                        )
                );
            }
        );
    }

    private static async Task<CollectionReport> CollectAsync(IEngine engine, CommandContext context, bool countOnly, CancellationToken stop)
    {
        // The running collection may have other options.
        while ((await engine.Collector.GetReport()).Running) await Task.Delay(Interval, context.Time, stop);
        await engine.Collector.Collect(null, countOnly);
        while (true)
        {
            var report = await engine.Collector.GetReport();
            if (!report.Running) return report;
            await Task.Delay(Interval, context.Time, stop);
        }
    }
}
