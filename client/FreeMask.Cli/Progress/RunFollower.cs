using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;
using Spectre.Console;

namespace FreeMask.Cli.Progress;

/// <summary>Follows a run until it ends and shows its progress: a live view on a terminal, plain lines elsewhere.</summary>
internal sealed class RunFollower(CommandContext context)
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    // After the death of a silo others take over within seconds; the restart of a whole cluster takes up to two minutes.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMinutes(3);

    /// <summary>The polling interval.</summary>
    internal TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Follows until the run is completed, cancelled or failed.</summary>
    /// <param name="ask">Gets the status.</param>
    /// <param name="hint">What the user can do meanwhile.</param>
    /// <param name="stop">Stops following; the run continues.</param>
    /// <returns>The last status.</returns>
    /// <exception cref="OperationCanceledException">Following was stopped.</exception>
    internal Task<RunStatus> FollowAsync(Func<CancellationToken, Task<RunStatus>> ask, string hint, CancellationToken stop)
    {
        var capabilities = context.Error.Profile.Capabilities;
        return !context.Quiet && capabilities.Interactive && capabilities.Ansi ? DrawAsync(ask, hint, stop) : PrintAsync(ask, stop);
    }

    private async Task<RunStatus> PrintAsync(Func<CancellationToken, Task<RunStatus>> ask, CancellationToken stop)
    {
        var lines = new ProgressLines(LineInterval);
        return await PollAsync(ask, status =>
        {
            if (lines.Next(status, context.Time.GetUtcNow()) is { } line) context.WriteMessage(line);
        }, stop);
    }

    private async Task<RunStatus> DrawAsync(Func<CancellationToken, Task<RunStatus>> ask, string hint, CancellationToken stop)
    {
        var view = new ProgressView(context.Error.Profile.Capabilities.Unicode);
        return await context.Error.Live(Text.Empty).Overflow(VerticalOverflow.Crop).StartAsync(live =>
            PollAsync(ask, status =>
            {
                live.UpdateTarget(view.Draw(status, context.Time.GetUtcNow(), IsOver(status) ? "" : hint));
                live.Refresh();
            }, stop));
    }

    private async Task<RunStatus> PollAsync(Func<CancellationToken, Task<RunStatus>> ask, Action<RunStatus> show, CancellationToken stop)
    {
        var answered = context.Time.GetTimestamp();
        var unanswered = false;
        while (true)
        {
            try
            {
                var status = await ask(stop);
                (answered, unanswered) = (context.Time.GetTimestamp(), false);
                show(status);
                if (IsOver(status)) return status;
            }
            catch (Exception exception) when (IsMissingAnswer(exception) && context.Time.GetElapsedTime(answered) < AnswerTimeout)
            {
                if (!unanswered) context.WriteMessage("No answer; the run may go on. Asking again ...");
                unanswered = true;
            }

            await Task.Delay(Interval, context.Time, stop);
        }
    }

    /// <summary>Whether there was no answer, as opposed to an answer with an error.</summary>
    private static bool IsMissingAnswer(Exception exception) => exception is TimeoutException or Orleans.Runtime.OrleansException;

    internal static bool IsOver(RunStatus status) =>
        status.State is RunState.Completed or RunState.Cancelled or RunState.Failed or RunState.Unknown;
}
