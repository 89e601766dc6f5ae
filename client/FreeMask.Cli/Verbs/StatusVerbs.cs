using System.CommandLine;
using FreeMask.Cli.Progress;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary>The verbs that show and control runs: <c>status</c>, <c>watch</c>, <c>pause</c>, <c>cancel</c>.</summary>
internal static class StatusVerbs
{
    internal static Command Status(VerbHost host)
    {
        var run = Arguments.OptionalRun();
        return host.Handle(new Command("status", "Show how a run stands, or list all runs.") { run }, async (parsed, context, stop) =>
        {
            await using var engine = await host.ReadEngineAsync(context, stop);
            if (parsed.GetValue(run) is { } named) return await OneAsync(host, engine, named, context);
            var (all, notes) = (new List<(RunDocument Run, RunStatus Status)>(), new PromptNotes(host.Bundles));
            foreach (var id in await engine.Directory.List())
                if (await engine.Run(id).GetSpec() is { } spec && await engine.Run(id).GetStatus() is var status)
                    all.Add((Describe(context, engine, notes, spec, status), status));
            var storage = context.Cluster is null ? StorageSizes.Of(context.Data) : null;
            return new VerbResult(
                    new { runs = all.Select(item => item.Run), storage },
                    console => List(console, [.. all.Select(item => item.Status)], engine.IsRemote, storage)
                );
        });
    }

    internal static Command Watch(VerbHost host)
    {
        var run = Arguments.OptionalRun();
        return host.Handle(
            new Command("watch", "Watch a run that another process works on. Default: the newest unfinished one.") { run },
            async (parsed, context, stop) =>
            {
                await using var engine = await host.ReadEngineAsync(context, stop);
                var id = await RunIds.FindAsync(
                    engine,
                    parsed.GetValue(run),
                    status => status.State is RunState.Running or RunState.Paused,
                    "unfinished"
                );
                var status = await engine.Run(id).GetStatus();
                if (!engine.IsRemote && !RunFollower.IsOver(status))
                    context.WriteMessage($"No process works on run '{id}' now; 'freemask resume {id}' goes on with it.");
                else
                    await new RunFollower(context).FollowAsync(
                        _ => engine.Run(id).GetStatus(),
                        "Ctrl-C ends the watching; the run goes on.",
                        stop
                    );
                return await OneAsync(host, engine, id, context);
            }
        );
    }

    internal static Command Pause(VerbHost host) =>
        Steer(
            host,
            "pause",
            "Pause a run: no new work starts, and work in flight is finished.",
            (run, reason) => run.Pause(reason),
            "paused by the user"
        );

    internal static Command Cancel(VerbHost host) =>
        Steer(host, "cancel", "End a run for good; closed rounds stay.", (run, reason) => run.Cancel(reason), "cancelled by the user");

    private static Command Steer(VerbHost host, string name, string description, Func<IRunGrain, string, Task> act, string defaultReason)
    {
        var run = Arguments.Run();
        var reason = new Option<string?>("--reason") { Description = "Why, for the status.", HelpName = "TEXT" };
        return host.Handle(new Command(name, description) { run, reason }, async (parsed, context, stop) =>
        {
            RunIds.RequireFolder(context, parsed.GetRequiredValue(run));
            if (parsed.GetValue(reason)?.Any(char.IsControl) == true)
                throw new FreeMaskException("--reason has a line break or another control character; write it in one line.");
            string id;
            RunStatus before;
            // A run that does not exist or has ended needs no engine.
            await using (var reader = await host.ReadEngineAsync(context, stop))
            {
                id = await RunIds.FindAsync(reader, parsed.GetRequiredValue(run), _ => true, "such");
                before = await reader.Run(id).GetStatus();
            }

            if (before.State is RunState.Completed or RunState.Cancelled || (before.State == RunState.Failed && name == "pause"))
                throw new FreeMaskException(
                        $"Run '{id}' is {StatusFormatter.State(before.State)}; there is nothing to {name}."
                            + (
                                before.State == RunState.Failed
                                    ? $" 'freemask retry {id}' tries again, 'freemask cancel {id}' ends it."
                                    : ""
                            )
                    );
            await using var engine = await host.OpenEngineAsync(context, stop);
            await act(engine.Run(id), parsed.GetValue(reason) ?? defaultReason);
            return await OneAsync(host, engine, id, context);
        });
    }

    private static RunDocument Describe(CommandContext context, IEngine engine, PromptNotes notes, RunSpec spec, RunStatus status) =>
        new RunFolder(context.Data, status.Run).Describe(RunDocument.Of(spec, status)) with
        {
            Notes = [.. status.Notes, .. notes.Of(spec)],
            Interrupted = status.State == RunState.Running && !engine.IsRemote,
        };

    private static async Task<VerbResult> OneAsync(VerbHost host, IEngine engine, string named, CommandContext context)
    {
        var id = await RunIds.FindAsync(engine, named, _ => true, "such");
        var reader = await RunReader.OpenAsync(engine, id);
        var document = Describe(context, engine, new PromptNotes(host.Bundles), reader.Spec, reader.Status);
        return new(document, console =>
        {
            console.MarkupLine(
                    $"[bold]{Markup.Escape(id)}[/] is {StatusFormatter.State(reader.Status.State)}{Resting(reader.Status, engine.IsRemote)}"
                );
            document.Show(console);
        });
    }

    private static void List(IAnsiConsole console, IReadOnlyList<RunStatus> runs, bool atWork, StorageSizes? storage)
    {
        if (runs.Count == 0)
        {
            console.WriteLine("There are no runs in this data folder; 'freemask run FILE' starts one.");
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumns("run", "state", "round", "kept", "mIoU", "started");
        foreach (var run in runs)
        {
            var quality = run.Rounds.LastOrDefault(round => round.Quality is not null)?.Quality;
            table.AddRow(
                Markup.Escape(run.Run),
                $"{StatusFormatter.State(run.State)}{Resting(run, atWork)}",
                $"{run.Rounds.Length} of {run.RoundsPlanned}",
                $"{run.Rounds.Sum(round => round.Counts.Kept)}",
                StatusFormatter.Share(quality?.MeanIoU),
                $"{run.StartedAt:yyyy-MM-dd HH:mm}"
            );
        }

        console.Write(table);
        if (storage is null) return;
        console.WriteLine(
            $"On disk {ByteSize.Megabytes(storage.Total)}: artifacts {ByteSize.Megabytes(storage.Artifacts)}, state "
                + $"{ByteSize.Megabytes(storage.State)}, products {ByteSize.Megabytes(storage.Products)}, logs "
                + $"{ByteSize.Megabytes(storage.Logs)}"
        );
    }

    /// <summary>Whether a run was interrupted: its state is Running, but no process works on it.</summary>
    private static string Resting(RunStatus status, bool atWork) =>
        status.State == RunState.Running && !atWork ? " (interrupted; 'freemask resume' goes on)" : "";
}
