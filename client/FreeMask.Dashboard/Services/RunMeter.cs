using FreeMask.Client.Progress;
using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>Work per second over the last seconds.</summary>
/// <param name="PerSecond">Samples that passed a stage, a second; empty before two readings.</param>
/// <param name="Busy">
/// Seconds of device work a second by stage: 1 is one device that does nothing else. Empty before two readings.
/// </param>
public sealed record StageRates(IReadOnlyDictionary<Stage, double> PerSecond, IReadOnlyDictionary<Stage, double> Busy)
{
    /// <summary>Nothing was measured.</summary>
    public static StageRates None { get; } = new(new Dictionary<Stage, double>(), new Dictionary<Stage, double>());
}

/// <summary>When a run may end.</summary>
/// <param name="Earliest">The shortest remaining time that was estimated lately.</param>
/// <param name="Latest">The longest one.</param>
/// <param name="WholeRun">False if it is the remaining time of the present step only.</param>
public sealed record EndEstimate(TimeSpan Earliest, TimeSpan Latest, bool WholeRun);

/// <summary>Measures a run from successive readings of its status.</summary>
internal sealed class RunMeter
{
    // Long enough for several batches, short enough to follow a change of phase.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(15), Memory = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly Queue<(DateTimeOffset At, RoundStatus Round)> _readings = new();
    private readonly Queue<(DateTimeOffset At, DateTimeOffset End, bool WholeRun)> _ends = new();
    private readonly TimeLeftEstimator _estimator = new();

    /// <summary>Takes a reading.</summary>
    /// <param name="status">The status.</param>
    /// <param name="now">When it was read.</param>
    internal (StageRates Rates, EndEstimate? Left) Observe(RunStatus status, DateTimeOffset now)
    {
        lock (_lock) return (Rates(status, now), Left(status, now));
    }

    private StageRates Rates(RunStatus status, DateTimeOffset now)
    {
        if (status.State != RunState.Running || status.Rounds.IsEmpty)
        {
            _readings.Clear();
            return StageRates.None;
        }

        var round = status.Rounds[^1];
        if (_readings.TryPeek(out var oldest) && oldest.Round.Round != round.Round) _readings.Clear();
        _readings.Enqueue((now, round));
        while (_readings.Count > 2 && now - _readings.Peek().At > Window) _readings.Dequeue();
        var (since, first) = _readings.Peek();
        if ((now - since).TotalSeconds is not (> 0 and var seconds)) return StageRates.None;
        // Counts go back when a mask is rejected: that is no work in the other direction.
        return new StageRates(
            StageTable.Default.Stages.ToDictionary(
                s => s.Stage,
                s => Math.Max(0, round.WorkedOn(StageTable.Default, s) - first.WorkedOn(StageTable.Default, s)) / seconds
            ),
            StageTable.Default.Stages.ToDictionary(
                s => s.Stage,
                s => Math.Max(0, round.Seconds[s.Stage] - first.Seconds[s.Stage]) / seconds
            )
        );
    }

    private EndEstimate? Left(RunStatus status, DateTimeOffset now)
    {
        var left = _estimator.Observe(status, now);
        if (left.Run is null && left.Phase is null)
        {
            _ends.Clear();
            return null;
        }

        var whole = left.Run is not null;
        if (_ends.TryPeek(out var oldest) && oldest.WholeRun != whole) _ends.Clear();
        _ends.Enqueue((now, now + (left.Run ?? left.Phase)!.Value, whole));
        while (now - _ends.Peek().At > Memory) _ends.Dequeue();
        return new EndEstimate(NotNegative(_ends.Min(e => e.End) - now), NotNegative(_ends.Max(e => e.End) - now), whole);
    }

    private static TimeSpan NotNegative(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;
}
