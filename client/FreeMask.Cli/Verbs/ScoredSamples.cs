using FreeMask.GrainInterfaces;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Verbs;

/// <summary>The scored samples of a run with their labels and predictions, which experiments look at.</summary>
internal static class ScoredSamples
{
    /// <summary>Reads them, round by round.</summary>
    /// <exception cref="FreeMaskException">There are none.</exception>
    internal static async Task<IReadOnlyList<(SampleRecord Record, ScoredSample Sample)>> ReadAsync(
        RunReader run,
        string id,
        CancellationToken stop
    )
    {
        var samples = new List<(SampleRecord, ScoredSample)>();
        for (var round = 0; round < run.Status.Rounds.Length; round++)
        {
            await foreach (var sample in run.SamplesAsync(round, null, stop))
            {
                if (sample.Score is null || sample.State == SampleState.Quarantined) continue;
                if (
                    await run.LabelsAsync(sample, ArtifactNames.CompositeLabel, stop) is { } labels
                    && await run.LabelsAsync(sample, ArtifactNames.Instances, stop) is { } instances
                    && await run.LabelsAsync(sample, ArtifactNames.Prediction, stop) is { } prediction
                )
                    samples.Add((sample, new ScoredSample(labels, instances, prediction)));
            }
        }

        return samples.Count > 0
            ? samples
            : throw new FreeMaskException($"Run '{id}' has no scored samples yet; choose one that has selected a round.");
    }
}
