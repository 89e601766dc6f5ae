using FreeMask.Cli.Bundles;
using FreeMask.Cli.Live;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Vision;

namespace FreeMask.Cli.Runs;

/// <summary>Follows a run to its end and writes what it made.</summary>
internal sealed class RunSession(IEngine engine, Desk desk, BundleCatalog bundles)
{
    /// <summary>Starts a run under an id of its own.</summary>
    /// <param name="spec">What to make.</param>
    /// <param name="again">Whether to compute what was computed before.</param>
    /// <param name="stop">Ends the starting.</param>
    /// <exception cref="FreeMaskException">The same settings ran before.</exception>
    internal async Task<string> StartAsync(RunSpec spec, bool again, CancellationToken stop)
    {
        var taken = await engine.Directory.List();
        var id = RunIds.Next(spec.Name, taken);
        if (!again && await SameAsync(spec, taken) is { } same) throw new FreeMaskException(HowToGoOn(await engine.Run(same).GetStatus(), id));
        await engine.Run(id).Start(spec);
        await AtomicFile.WriteAsync(new RunFolder(desk.Data, id).RunFile, RunFile.Write(spec), stop);
        desk.Say($"Run '{id}' in {desk.Data.Root}");
        return id;
    }

    /// <summary>The newest run with the same settings; null where there is none.</summary>
    private async Task<string?> SameAsync(RunSpec spec, string[] runs)
    {
        var wanted = SpecFingerprint.Of(spec);
        foreach (var run in runs.Reverse())
            if (await engine.Run(run).GetSpec() is { } made && SpecFingerprint.Of(made) == wanted && (await engine.Run(run).GetStatus()).State != RunState.Cancelled) return run;
        return null;
    }

    private static string HowToGoOn(RunStatus status, string next)
    {
        var way = status.State switch
        {
            RunState.Completed => $"'freemask report {status.Run}' shows what it made, and the same settings make the same again",
            RunState.Failed => $"'freemask retry {status.Run}' goes on with it when the cause is put right: {status.Reason}",
            _ => $"'freemask resume {status.Run}' goes on with it",
        };
        return $"Run '{status.Run}' has these settings already and is {Words.State(status.State)}; {way.TrimEnd('.')}. To compute them anew, as '{next}', add --again.";
    }

    /// <summary>Follows until the run ends, then writes its products. Stopping leaves the run to be resumed.</summary>
    internal async Task<Outcome> FollowAsync(string id, CancellationToken stop)
    {
        var run = engine.Run(id);
        try
        {
            var hint = engine.IsRemote ? "Another process does the work. Ctrl-C only ends the watching." : "Ctrl-C stops cleanly; 'freemask resume' goes on.";
            await new Follower(desk).FollowAsync(_ => run.GetStatus(), hint, stop);
            var reader = await RunReader.OpenAsync(engine, id);
            var document = await new RunProducts(reader, new RunFolder(desk.Data, id), desk, bundles).WriteAsync(stop);
            return new(document, document.Show, document.State == RunState.Completed ? ExitCodes.Ok : ExitCodes.Failed);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return await InterruptedAsync(id);
        }
    }

    private async Task<Outcome> InterruptedAsync(string id)
    {
        var run = engine.Run(id);
        var document = await run.GetSpec() is { } spec ? (object)RunDocument.Of(spec, await run.GetStatus()) : new { run = id };
        var word = engine.IsRemote
            ? $"Stopped watching. Run '{id}' goes on in its own process."
            : $"Stopped. Nothing that was finished is lost: 'freemask resume {id}' goes on.";
        desk.Say(word);
        return new(document, _ => { }, ExitCodes.Interrupted);
    }
}
