using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Progress;

/// <summary>
/// Progress as plain lines, for logs and pipes: one whenever a round, phase or training job starts, and in between one every few seconds
/// while something moves.
/// </summary>
internal sealed class ProgressLines(TimeSpan interval)
{
    private readonly TimeLeftEstimator _estimator = new();
    private (RunState State, int Round, RoundPhase Phase, string? Job) _said;
    private string _tail = "";
    private DateTimeOffset _saidAt;

    /// <summary>The line to print for a status, or null if nothing has changed.</summary>
    internal string? Next(RunStatus status, DateTimeOffset now)
    {
        var left = _estimator.Observe(status, now);
        var round = status.Rounds.IsEmpty ? null : status.Rounds[^1];
        var place = (status.State, round?.Round ?? -1, round?.Phase ?? default, round?.Training?.Job);
        var tail = Tail(status, round);
        if (place == _said && (tail == _tail || now - _saidAt < interval)) return null;
        _said = place;
        _saidAt = now;
        _tail = tail;
        var elapsed = StatusFormatter.Clock((status.EndedAt ?? now) - (status.StartedAt ?? now));
        var eta = StatusFormatter.Left(left, status) is { } words ? $" · {words}" : "";
        return $"[{elapsed}] {tail}{eta}";
    }

    private static string Tail(RunStatus status, RoundStatus? round) => string.Join(" · ", [Place(status, round), .. status.Notes]);

    private static string Place(RunStatus status, RoundStatus? round)
    {
        if (status.State != RunState.Running || round is null)
            return $"{status.Run} is {StatusFormatter.State(status.State)}{(status.Reason is { Length: > 0 } reason ? $": {reason}" : "")}";
        var head = $"round {round.Round + 1}/{status.RoundsPlanned} {StatusFormatter.Phase(round.Phase)}";
        if (round.Training is { } training) return $"{head}: {StatusFormatter.Training(training)}";
        var counts = round.Counts;
        return round.Phase switch
        {
            RoundPhase.Producing => $"{head}: {Produced(counts)}{Trouble(counts)}",
            RoundPhase.Scoring => $"{head}: scored {counts.Scored}/{counts.Planned - counts.Quarantined}",
            RoundPhase.Selecting => $"{head}: kept {counts.Kept}, dropped {counts.Dropped}",
            RoundPhase.Closed => $"{head}: kept {counts.Kept}, dropped {counts.Dropped}, quarantined {counts.Quarantined}"
                + StatusFormatter.MeanIoU(round.Quality),
            _ => head,
        };
    }

    /// <summary>Samples that have passed each stage before scoring: <c>generated 5/64, masked 3, composed 0</c>.</summary>
    private static string Produced(StateCounts counts) => string.Join(", ", StageTable.Default.Producing
        .Select((stage, i) => $"{stage.DisplayName} {counts[stage.After]}{(i == 0 ? $"/{counts.Planned}" : "")}"));

    private static string Trouble(StateCounts counts) =>
        (counts.Rejected > 0 ? $", {counts.Rejected} masks rejected" : "")
        + (counts.Quarantined > 0 ? $", {counts.Quarantined} quarantined" : "");
}
