using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>How much of a run's work is done.</summary>
internal static class RunProgress
{
    /// <summary>
    /// The share of samples times stages that is done, over all planned rounds, in [0, 1]. Samples in a final state count as done. A run
    /// is at 1 only when it is completed: training and evaluation of the last round come after its last sample.
    /// </summary>
    internal static double Of(RunSpec spec, RunStatus status)
    {
        if (status.State == RunState.Completed) return 1;
        var stages = StageTable.Default.Stages;
        var all = (double)Math.Max(1, status.RoundsPlanned) * spec.SamplesPerRound * stages.Length;
        var done = 0.0;
        foreach (var round in status.Rounds)
            foreach (var stage in stages) done += round.Counts[stage.After] + round.Counts.Quarantined;
        return Math.Clamp(done / all, 0, 0.99);
    }
}
