using FreeMask.Dashboard.Editing;
using FreeMask.Dashboard.Engines;
using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>Changes runs. Callers have checked that the user may.</summary>
internal sealed partial class RunControl(IEngineSource source, RunFeed feed, ILogger<RunControl> logger, IRunStarter? starter = null)
{
    /// <summary>The largest run file that pages take, in bytes.</summary>
    internal const int LargestFile = 1 << 20;

    private const int LongestReason = 300;

    private readonly Lazy<RunFileSuggestions> _suggestions = new(() => new RunFileSuggestions(Started(starter).Schema));

    /// <summary>Whether runs can be started here.</summary>
    internal bool CanStart => starter is not null;

    /// <summary>Whether runs can only be read: no process works on the data folder, or it does not answer.</summary>
    internal bool IsReadOnly => source.Current is { IsReadOnly: true };

    /// <summary>A run file to begin with.</summary>
    internal string Example => starter?.Example ?? "";

    /// <summary>What can be written at a place of a run file; see <see cref="RunFileSuggestions.Find"/>.</summary>
    internal SuggestionList Complete(string text, int line, int column) => _suggestions.Value.Find(text, line, column);

    /// <summary>Problems of the text of a run file by itself, where they are.</summary>
    internal IReadOnlyList<RunFilePlace> FindProblems(string text) => Starter.FindProblems(text);

    /// <summary>Checks the text of a run file.</summary>
    internal RunFileCheck Check(string text) => Starter.Check(text);

    /// <summary>Starts a run.</summary>
    /// <exception cref="FreeMaskException">It cannot be started.</exception>
    internal async Task<string> StartAsync(string text, bool again, CancellationToken stop)
    {
        var id = await Starter.StartAsync(text, again, stop);
        source.NoteWork(id);
        Done("start", id);
        return id;
    }

    internal Task PauseAsync(string run, string? reason) => ChangeAsync(
        "pause",
        run,
        status => status.State == RunState.Running,
        grain => grain.Pause(Reason(reason, "paused by the user"))
    );

    internal Task ResumeAsync(string run) => ChangeAsync(
        "resume",
        run,
        status => status.State is RunState.Running or RunState.Paused,
        async grain =>
        {
            source.NoteWork(run);
            await grain.Resume();
        }
    );

    internal Task CancelAsync(string run, string? reason) => ChangeAsync(
        "cancel",
        run,
        status => status.State is RunState.Running or RunState.Paused or RunState.Failed,
        grain => grain.Cancel(Reason(reason, "cancelled by the user"))
    );

    /// <summary>Retries the error that stopped the run and quarantined samples of its open round, all or the given ones.</summary>
    internal Task RetryAsync(string run, int[]? samples) => ChangeAsync(
        "retry",
        run,
        status => status.State is RunState.Running or RunState.Paused or RunState.Failed,
        async grain =>
        {
            source.NoteWork(run);
            await grain.Retry(samples);
        }
    );

    /// <summary>Removes the records of a run that is not at work. Its artifacts go with the next collection.</summary>
    internal async Task RemoveAsync(string run)
    {
        await ChangeAsync("remove", run, status => status.State != RunState.Running, grain => grain.Remove());
        if (source.Current is { } engine) await engine.Collector.Collect();
    }

    private IRunStarter Starter => Started(starter);

    private static IRunStarter Started(IRunStarter? starter) =>
        starter ?? throw new FreeMaskException("Runs cannot be started here; 'freemask run FILE' starts one, and it appears here.");

    private async Task ChangeAsync(string what, string run, Func<RunStatus, bool> fits, Func<IRunGrain, Task> change)
    {
        var engine = source.Current ?? throw new FreeMaskException(source.Problem ?? "The runs are not open yet.");
        if (engine.IsReadOnly)
            throw new FreeMaskException(
                "Runs can only be read here: no process works on the data folder, or it does not answer. 'freemask dashboard' works on it."
            );
        if (await feed.FindAsync(run, CancellationToken.None) is null) throw new RunNotFoundException(run);
        var status = await engine.Run(run).GetStatus();
        if (!fits(status))
            throw new FreeMaskException($"Run '{run}' is {status.State.ToString().ToLowerInvariant()}; there is nothing to {what}.");
        await change(engine.Run(run));
        Done(what, run);
    }

    private void Done(string what, string run)
    {
        LogChanged(logger, what, run);
        feed.Refresh();
    }

    private static string Reason(string? given, string otherwise)
    {
        var text = given?.Trim() ?? "";
        if (text.Any(char.IsControl))
            throw new FreeMaskException("The reason has a line break or another control character; write one line.");
        if (text.Length > LongestReason) throw new FreeMaskException($"The reason has more than {LongestReason} characters.");
        return text.Length == 0 ? otherwise : text;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The dashboard was used to {What} run {Run}")]
    private static partial void LogChanged(ILogger logger, string what, string run);
}

/// <summary>There is no such run.</summary>
internal sealed class RunNotFoundException(string run) : FreeMaskException($"There is no run '{run}'.");
