using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Rounds;

/// <summary>What a round shows to users.</summary>
internal static class RoundStatuses
{
    /// <summary>The status of a round.</summary>
    /// <param name="record">Its record.</param>
    /// <param name="shards">Its shards.</param>
    /// <param name="training">Its trainings and evaluations.</param>
    /// <param name="loop">Its reconcile loop.</param>
    /// <param name="rate">Results of stages per second.</param>
    /// <param name="error">The error that stops the round; null if there is none.</param>
    /// <param name="isSuspended">Whether it starts no work; its shards are not asked then.</param>
    public static RoundStatus Of(
        RoundRecord record, RoundShards shards, RoundTraining training, ReconcileLoop loop, double rate, string? error, bool isSuspended)
    {
        var tally = record.Tally ?? shards.TallyOf(record);
        return new RoundStatus
        {
            Round = record.Assignment.Round,
            Phase = record.Phase,
            Counts = tally.Counts,
            SecondUses = SamplePlanner.SecondUsesPerRound(record.Assignment.Spec),
            Thresholds = record.Thresholds,
            Objects = record.Objects,
            Quality = record.Quality,
            StartQuality = record.StartQuality is { Classes.IsEmpty: false } start ? start : null,
            Seconds = tally.Seconds with { Train = record.TrainSeconds, Evaluate = record.EvaluateSeconds },
            Rate = record.Phase is RoundPhase.Producing or RoundPhase.Scoring ? rate : 0,
            Training = training.Progress,
            Failures = tally.Failures,
            Segmenter = record.Segmenter,
            Error = error,
            StartedAt = record.StartedAt,
            EndedAt = record.EndedAt,
            Notes =
                record.Phase == RoundPhase.Closed
                    ? []
                    :
                    [
                        .. shards
                            .Reports.SelectMany(s => s.Notes.IsDefault ? [] : s.Notes)
                            .Concat(isSuspended ? [] : shards.Reports.Select(s => s.Waits))
                            .Append(training.Note)
                            .Append(loop.Note)
                            .OfType<string>()
                            .Distinct(),
                    ],
        };
    }
}
