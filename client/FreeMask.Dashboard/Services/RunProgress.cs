using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>How much of a run's work is done.</summary>
internal static class RunProgress
{
    // Of a round's time, about: what its samples take, and of the rest what its training takes.
    private const double Samples = 0.7, Training = 0.25;

    /// <summary>The share of the work that is done, over all planned rounds, in [0, 1]; 1 only when the run is completed.</summary>
    internal static double Of(RunStatus status)
    {
        if (status.State == RunState.Completed) return 1;
        return Math.Clamp(status.Rounds.Sum(Of) / Math.Max(1, status.RoundsPlanned), 0, 0.99);
    }

    private static double Of(RoundStatus round)
    {
        switch (round.Phase)
        {
            case RoundPhase.Closed: return 1;
            case RoundPhase.Evaluating: return Samples + Training;
            case RoundPhase.Training:
                var (step, steps) = round.Training is { Steps: > 0 } training ? (training.Step, training.Steps) : (0, 1);
                return Samples + (Training * step / steps);
            default:
                // Samples that were given up pass no further stage.
                var stages = StageTable.Default.Stages;
                var passed = stages.Sum(s => (double)round.Counts[s.After] + round.Counts.Quarantined);
                return Samples * passed / Math.Max(1.0, (double)stages.Length * round.Counts.Planned);
        }
    }
}
