using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;

namespace FreeMask.Cli.Reports;

/// <summary>Selects the samples of a report. The selection depends on the records alone, so that equal runs have equal reports.</summary>
internal static class ReportSelection
{
    /// <summary>
    /// Samples for strips: one class after another, samples with pasted objects first, and within a class the sample with the median score
    /// first.
    /// </summary>
    internal static IReadOnlyList<SampleRecord> Strips(IReadOnlyList<SampleRecord> samples, int count)
    {
        var queues = samples.Where(sample => sample.Artifact(ArtifactNames.Image) is not null && sample.State != SampleState.Quarantined)
            .GroupBy(sample => sample.Plan.ClassIndex)
            .OrderBy(group => group.Key)
            .Select(group => new Queue<SampleRecord>(FromTheMiddle(group)))
            .ToList();
        var chosen = new List<SampleRecord>();
        while (chosen.Count < count && queues.Any(queue => queue.Count > 0))
            foreach (var queue in queues.Where(queue => queue.Count > 0).Take(count - chosen.Count).ToList())
                chosen.Add(queue.Dequeue());
        return chosen;
    }

    /// <summary>The samples nearest to the threshold of their class: as many kept as dropped ones, ordered by score.</summary>
    internal static IReadOnlyList<SampleRecord> Borderline(
        IReadOnlyList<SampleRecord> samples,
        IReadOnlyList<SelectionThreshold> thresholds,
        int perSide
    )
    {
        double? ThresholdOf(SampleRecord sample) =>
            thresholds.CutOf(sample.Plan.Class, SampleTransitions.ProgressOf(sample).Objects);
        IEnumerable<SampleRecord> Nearest(SampleState stage) => samples
            .Where(sample => sample.State == stage && sample.Score is not null)
            .Select(sample => (Sample: sample, Threshold: ThresholdOf(sample)))
            .Where(item => item.Threshold is not null)
            .OrderBy(item => Math.Abs(item.Sample.Score!.Value - item.Threshold!.Value)).ThenBy(item => item.Sample.Index)
            .Select(item => item.Sample)
            .Take(perSide);
        return
        [
            .. Nearest(SampleState.Kept)
                .Concat(Nearest(SampleState.Dropped))
                .OrderBy(sample => sample.Score)
                .ThenBy(sample => sample.Index),
        ];
    }

    private static IEnumerable<SampleRecord> FromTheMiddle(IEnumerable<SampleRecord> ofClass)
    {
        var ranked = ofClass.OrderByDescending(sample => sample.Score ?? -1).ThenBy(sample => sample.Index).ToList();
        return ranked.Index()
            .OrderByDescending(item => item.Item.Artifact(ArtifactNames.Pasted) is not null)
            .ThenBy(item => Math.Abs(item.Index - ((ranked.Count - 1) / 2.0)))
            .Select(item => item.Item);
    }
}
