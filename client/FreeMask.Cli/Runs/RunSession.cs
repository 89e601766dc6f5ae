using FreeMask.Cli.Live;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Runs;

/// <summary>Follows a run to its end and writes what it made.</summary>
internal sealed class RunSession(IEngine engine, Desk desk)
{
    /// <summary>Starts a run under an id of its own.</summary>
    internal async Task<string> StartAsync(RunSpec spec, CancellationToken stop)
    {
        var id = RunIds.Next(spec.Name, await engine.Directory.List());
        await engine.Run(id).Start(spec);
        await AtomicFile.WriteAsync(new RunFolder(desk.Data, id).RunFile, RunFile.Write(spec), stop);
        desk.Say($"Run '{id}' in {desk.Data.Root}");
        return id;
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
            var document = await new RunProducts(reader, new RunFolder(desk.Data, id), desk).WriteAsync(stop);
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
