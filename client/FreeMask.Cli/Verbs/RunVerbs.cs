using System.CommandLine;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;
using FreeMask.Vision;

namespace FreeMask.Cli.Verbs;

/// <summary>The verbs that make a run work: <c>run</c>, <c>resume</c>, <c>retry</c>.</summary>
internal static class RunVerbs
{
    internal static Command Run(VerbHost host)
    {
        var file = new Argument<string>("file") { Description = "The run file, such as examples/quickstart.yaml.", HelpName = "FILE" };
        return host.Handle(new Command("run", "Start a run and follow it to its data set, segmenter and report.") { file, host.Device }, async (parsed, desk, stop) =>
        {
            var spec = await RunFile.ReadAsync(parsed.GetRequiredValue(file), host.Bundles.WorldAt, stop);
            await using var engine = await host.OpenEngineAsync(desk, stop);
            var session = new RunSession(engine, desk);
            return await session.FollowAsync(await session.StartAsync(spec, stop), stop);
        });
    }

    internal static Command Resume(VerbHost host)
    {
        var run = Arguments.OptionalRun();
        return host.Handle(new Command("resume", "Go on with a run that was paused, stopped or killed. Default: the newest unfinished one.") { run, host.Device }, async (parsed, desk, stop) =>
        {
            await using var engine = await host.OpenEngineAsync(desk, stop);
            var id = await RunIds.FindAsync(engine, parsed.GetValue(run), IsUnfinished, "unfinished");
            var status = await engine.Run(id).GetStatus();
            if (status.State == RunState.Failed)
                throw new FreeMaskException($"Run '{id}' failed: {status.Reason} When the cause is put right, 'freemask retry {id}' tries again.");
            await engine.Run(id).Resume();
            return await new RunSession(engine, desk).FollowAsync(id, stop);
        });
    }

    internal static Command Retry(VerbHost host)
    {
        var run = Arguments.OptionalRun();
        var samples = new Option<int[]>("--samples")
        {
            Description = "Only these quarantined samples of the open round. Default: all of them, and the error that stopped the run.",
            HelpName = "INDEX",
            AllowMultipleArgumentsPerToken = true,
        };
        return host.Handle(new Command("retry", "Try again what failed, and go on.") { run, samples, host.Device }, async (parsed, desk, stop) =>
        {
            await using var engine = await host.OpenEngineAsync(desk, stop);
            var id = await RunIds.FindAsync(engine, parsed.GetValue(run), status => status.State == RunState.Failed || IsUnfinished(status), "failed or unfinished");
            await engine.Run(id).Retry(parsed.GetValue(samples) is { Length: > 0 } indices ? indices : null);
            await engine.Run(id).Resume();
            return await new RunSession(engine, desk).FollowAsync(id, stop);
        });
    }

    private static bool IsUnfinished(RunStatus status) => status.State is RunState.Running or RunState.Paused;
}
