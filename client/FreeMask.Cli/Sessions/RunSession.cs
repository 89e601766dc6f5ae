using FreeMask.Cli.Bundles;
using FreeMask.Cli.Progress;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;

namespace FreeMask.Cli.Sessions;

/// <summary>Follows a run until it ends and writes its products.</summary>
/// <param name="engine">The engine to start with; the session disposes it.</param>
/// <param name="reopen">Opens another engine after the process of the current one has ended.</param>
/// <param name="context">The context for messages.</param>
/// <param name="bundles">The bundles of this process, for messages about prompts.</param>
internal sealed class RunSession(
    IEngine engine,
    Func<CancellationToken, Task<IEngine>> reopen,
    CommandContext context,
    BundleCatalog bundles
) : IAsyncDisposable
{
    private static readonly TimeSpan OwnerCheck = TimeSpan.FromMilliseconds(500),
        CollectionTime = TimeSpan.FromSeconds(60),
        CollectionCheck = TimeSpan.FromMilliseconds(100);

    private IEngine _engine = engine;

    /// <summary>The current engine.</summary>
    internal IEngine Engine => _engine;

    /// <summary>Starts a run under a new id.</summary>
    /// <param name="spec">What to make.</param>
    /// <param name="again">Whether to repeat a run with the same settings.</param>
    /// <param name="stop">Cancels the start.</param>
    /// <exception cref="FreeMaskException">A run with the same settings exists.</exception>
    internal Task<string> StartAsync(RunSpec spec, bool again, CancellationToken stop) => StartAsync(_engine, spec, again, context, stop);

    /// <summary>Starts a run under a new id.</summary>
    /// <exception cref="FreeMaskException">A run with the same settings exists.</exception>
    internal static async Task<string> StartAsync(
        IEngine engine,
        RunSpec spec,
        bool again,
        CommandContext context,
        CancellationToken stop
    )
    {
        var taken = await engine.Directory.List();
        var id = RunIds.Next(spec.Name, taken);
        if (!again && await SameAsync(engine, spec, taken) is { } same)
            throw new FreeMaskException(HowToGoOn(await engine.Run(same).GetStatus(), id));
        await engine.Run(id).Start(spec);
        var folder = new RunFolder(context.Data, id);
        await AtomicFile.WriteAsync(folder.RunFileSchema, RunFileJsonSchema.Text, stop);
        await AtomicFile.WriteAsync(folder.RunFile, RunFile.Write(spec), stop);
        context.WriteMessage($"Run '{id}' in {context.Data.Root}");
        return id;
    }

    /// <summary>The newest run with the same settings; null if there is none.</summary>
    private static async Task<string?> SameAsync(IEngine engine, RunSpec spec, string[] runs)
    {
        var wanted = SpecFingerprint.Of(spec);
        foreach (var run in runs.Reverse())
            if (
                await engine.Run(run).GetSpec() is { } made
                && SpecFingerprint.Of(made) == wanted
                && (await engine.Run(run).GetStatus()).State != RunState.Cancelled
            )
                return run;
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
        return $"Run '{status.Run}' has these settings already and is {StatusFormatter.State(status.State)}; {way.TrimEnd('.')}. To "
            + $"compute them anew, as '{next}', add --again.";
    }

    /// <summary>Follows until the run ends, then writes its products. Stopping leaves the run to be resumed.</summary>
    internal async Task<VerbResult> FollowAsync(string id, CancellationToken stop)
    {
        if (_engine.IsRemote && context.Devices.Count > 0)
            context.WriteMessage(
                "Note: --device counts for work in this process; another process does the work of this run, on its own devices."
            );
        try
        {
            while (!await WatchAsync(id, stop)) await TakeOverAsync(id, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return await InterruptedAsync(id);
        }

        var reader = await RunReader.OpenAsync(_engine, id);
        try
        {
            var document = await new RunProducts(reader, new RunFolder(context.Data, id), context, bundles).WriteAsync(stop);
            await CollectAsync(stop);
            return new(document, document.Show, document.State == RunState.Completed ? ExitCodes.Ok : ExitCodes.Failed);
        }
        catch (Exception exception)
            when (exception is FreeMaskException or ArtifactStoreException or IOException or UnauthorizedAccessException)
        {
            // The run has ended: its state is reported together with the failure.
            var problem =
                $"Not all that run '{id}' leaves could be written: {exception.Message} 'freemask resume {id}' writes it when the cause "
                    + "is put right.";
            context.WriteMessage(problem);
            var document = new RunFolder(context.Data, id).Describe(RunDocument.Of(reader.Spec, reader.Status)) with { Notes = [problem] };
            return new(document, document.Show, ExitCodes.Failed);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            context.WriteMessage(
                $"Stopped. Run '{id}' has ended, but not all that it leaves is written: 'freemask resume {id}' writes it."
            );
            return new(await DescribeAsync(id), _ => { }, ExitCodes.Interrupted);
        }
    }

    /// <summary>Closes the engine.</summary>
    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    /// <summary>Follows the run until it ends.</summary>
    /// <returns>False if the process that does the work has ended before.</returns>
    private async Task<bool> WatchAsync(string id, CancellationToken stop)
    {
        var run = _engine.Run(id);
        var hint = _engine.IsRemote
            ? "Another process does the work. Ctrl-C only ends the watching."
            : "Ctrl-C stops cleanly; 'freemask resume' goes on. 'freemask dashboard' shows it in a browser.";
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var following = new RunFollower(context).FollowAsync(_ => run.GetStatus().WaitAsync(watching.Token), hint, watching.Token);
        while (await Task.WhenAny(following, Task.Delay(OwnerCheck, context.Time, stop)) != following && !stop.IsCancellationRequested)
        {
            // Calls to a process that has ended would wait for their timeouts.
            if (!_engine.IsOwnerGone) continue;
            await watching.CancelAsync();
            await following.ContinueWith(_ => { }, TaskScheduler.Default);
            return false;
        }

        await following;
        return true;
    }

    private async Task TakeOverAsync(string id, CancellationToken stop)
    {
        context.WriteMessage($"The process that worked on run '{id}' has ended; this one goes on with it.");
        await _engine.DisposeAsync();
        _engine = await reopen(stop);
        await _engine.Run(id).Resume();
    }

    /// <summary>Removes unreferenced artifacts if this process owns the folder.</summary>
    private async Task CollectAsync(CancellationToken stop)
    {
        if (_engine.IsRemote) return;
        var started = context.Time.GetTimestamp();
        await _engine.Collector.Collect();
        while ((await _engine.Collector.GetReport()).Running && context.Time.GetElapsedTime(started) < CollectionTime)
            await Task.Delay(CollectionCheck, context.Time, stop);
    }

    private async Task<VerbResult> InterruptedAsync(string id)
    {
        var word = _engine.IsRemote
            ? $"Stopped watching. Run '{id}' goes on in its own process."
            : $"Stopped. Nothing that was finished is lost: 'freemask resume {id}' goes on.";
        context.WriteMessage(word);
        return new(await DescribeAsync(id), _ => { }, ExitCodes.Interrupted);
    }

    private async Task<object> DescribeAsync(string id) =>
        await _engine.Run(id).GetSpec() is { } spec ? RunDocument.Of(spec, await _engine.Run(id).GetStatus()) : new { run = id };
}
