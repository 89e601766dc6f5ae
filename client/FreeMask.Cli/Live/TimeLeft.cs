using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Live;

/// <summary>How long a run will still take, as far as can be told.</summary>
/// <param name="Phase">Until the work under way in this round is done; null where nothing was measured yet.</param>
/// <param name="Run">Until the run is done; null before a first round has shown how long a round takes.</param>
internal sealed record TimeLeft(TimeSpan? Phase, TimeSpan? Run)
{
    internal static TimeLeft Unknown { get; } = new(null, null);
}

/// <summary>
/// Estimates the time left from the statuses it is shown. In a phase: the device seconds that are left (samples still to pass each stage,
/// times the seconds that a sample took there), times the wall-clock seconds that a device second took since the phase was first seen. For
/// the run: the longest closed round stands for those to come.
/// </summary>
internal sealed class TimeLeftEstimator
{
    private (int Round, RoundPhase Phase, string Job) _watched = (-1, default, "");
    private DateTimeOffset _since;
    private double _workThen;

    internal TimeLeft Observe(RunStatus status, DateTimeOffset now)
    {
        if (status.State != RunState.Running || status.Rounds.IsEmpty) return TimeLeft.Unknown;
        var round = status.Rounds[^1];
        var work = WorkDone(round);
        var watched = (round.Round, round.Phase, round.Training?.Job ?? "");
        if (_watched != watched)
        {
            _watched = watched;
            _since = now;
            _workThen = work;
        }

        var done = work - _workThen;
        var phase = done > 0 && WorkLeft(round, status.Rounds) is { } left ? (now - _since) * (left / done) : (TimeSpan?)null;
        return new(phase, Run(status, round, phase, now));
    }

    private static TimeSpan? Run(RunStatus status, RoundStatus round, TimeSpan? phase, DateTimeOffset now)
    {
        var closed = status.Rounds.Where(item => item.StartedAt is not null && item.EndedAt is not null).Select(item => item.EndedAt!.Value - item.StartedAt!.Value).ToList();
        if (closed.Count == 0) return null;
        var typical = closed.Max();
        var toCome = typical * Math.Max(0, status.RoundsPlanned - status.Rounds.Length);
        if (round.Phase == RoundPhase.Closed) return toCome;
        var here = typical - (now - (round.StartedAt ?? now));
        if (phase is { } atLeast && atLeast > here) here = atLeast;
        return toCome + (here > TimeSpan.Zero ? here : TimeSpan.Zero);
    }

    /// <summary>Device seconds of sample work, or steps of training.</summary>
    private static double WorkDone(RoundStatus round) =>
        round.Training is { Steps: > 0 } training ? training.Step
        : round.Seconds.Generate + round.Seconds.Mask + round.Seconds.Compose + round.Seconds.Harmonize + round.Seconds.Score;

    private static double? WorkLeft(RoundStatus round, IEnumerable<RoundStatus> all)
    {
        if (round.Training is { Steps: > 0 } training) return training.Steps - training.Step;
        if (round.Phase is not (RoundPhase.Producing or RoundPhase.Scoring)) return null;
        var toPass = round.Counts.Planned - round.Counts.Quarantined;
        var left = 0.0;
        foreach (var stage in round.Phase == RoundPhase.Scoring ? [Scoring] : Producing)
        {
            var measured = all.Reverse().FirstOrDefault(item => stage.Reached(item.Counts) > 0 && stage.Seconds(item.Seconds) > 0);
            if (measured is null)
            {
                if (stage.Essential) return null;
                continue;
            }

            left += Math.Max(0, toPass - stage.Reached(round.Counts)) * stage.Seconds(measured.Seconds) / stage.Reached(measured.Counts);
        }

        return left;
    }

    private sealed record Stage(Func<StageCounts, int> Reached, Func<StageSeconds, double> Seconds, bool Essential);

    private static readonly Stage[] Producing =
    [
        new(counts => counts.Generated, seconds => seconds.Generate, true),
        new(counts => counts.Masked, seconds => seconds.Mask, false),
        new(counts => counts.Composed, seconds => seconds.Compose, false),
        new(counts => counts.Harmonized, seconds => seconds.Harmonize, false),
    ];

    private static readonly Stage Scoring = new(counts => counts.Scored, seconds => seconds.Score, true);
}
