using FreeMask.GrainInterfaces;
using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Experiments;

/// <summary>A scored sample of a run with what its stages made.</summary>
/// <param name="Id">Its round and index.</param>
/// <param name="Round">Its round, from 0.</param>
/// <param name="ClassId">The class that it was drawn for.</param>
/// <param name="Scene">Its background in words; null for none.</param>
/// <param name="Single">The image as it was drawn, with its one object.</param>
/// <param name="SingleLabels">The mask of that object.</param>
/// <param name="Composite">The image with the objects that were pasted in, before harmonization.</param>
/// <param name="Final">The image after harmonization.</param>
/// <param name="Scored">Labels, objects, and what the scoring model predicted.</param>
/// <param name="IsKept">Whether selection kept it.</param>
internal sealed record RunSample(
    string Id,
    int Round,
    byte ClassId,
    string? Scene,
    RgbImage Single,
    LabelMap SingleLabels,
    RgbImage Composite,
    RgbImage Final,
    ScoredSample Scored,
    bool IsKept
)
{
    /// <summary>The number of its objects, from 1.</summary>
    internal int Objects => Scored.Objects;

    /// <summary>How its labels agree with the prediction of the scoring model.</summary>
    internal SampleAgreement Agreement => SampleAgreement.Compute(Scored.Labels, Scored.Instances, Scored.Prediction);

    /// <summary>What a training learns from.</summary>
    internal LabeledImage Example => new(Id, Final, Scored.Labels);

    /// <summary>The image of one object that it was made from.</summary>
    internal LabeledImage SingleExample => new(Id, Single, SingleLabels);

    /// <summary>The same image with its objects, before harmonization.</summary>
    internal LabeledImage CompositeExample => new(Id, Composite, Scored.Labels);

    /// <summary>The samples of the first round.</summary>
    internal static IReadOnlyList<RunSample> FirstRound(IReadOnlyList<RunSample> run) => [.. run.Where(sample => sample.Round == 0)];

    /// <summary>Reads the scored samples of a run, round by round.</summary>
    internal static async Task<IReadOnlyList<RunSample>> ReadAsync(RunReader run, CancellationToken stop)
    {
        var samples = new List<RunSample>();
        for (var round = 0; round < run.Status.Rounds.Length; round++)
            await foreach (var sample in run.SamplesAsync(round, null, stop))
                if (sample.State is SampleState.Kept or SampleState.Dropped && await ReadAsync(run, sample, stop) is { } read)
                    samples.Add(read);
        return samples;
    }

    private static async Task<RunSample?> ReadAsync(RunReader run, SampleRecord sample, CancellationToken stop)
    {
        var background = sample.Plan.Background.Length == 0 ? null : sample.Plan.Background;
        return await run.ImageAsync(sample, ArtifactNames.Image, stop) is { } single
            && await run.LabelsAsync(sample, ArtifactNames.Label, stop) is { } singleLabels
            && await run.ImageAsync(sample, ArtifactNames.CompositeImage, stop) is { } composite
            && await run.ImageAsync(sample, ArtifactNames.FinalImage, stop) is { } final
            && await run.LabelsAsync(sample, ArtifactNames.CompositeLabel, stop) is { } labels
            && await run.LabelsAsync(sample, ArtifactNames.Instances, stop) is { } instances
            && await run.LabelsAsync(sample, ArtifactNames.Prediction, stop) is { } prediction
                ? new(
                    $"{sample.Round}-{sample.Index}",
                    sample.Round,
                    (byte)sample.Plan.ClassIndex,
                    background,
                    single,
                    singleLabels,
                    composite,
                    final,
                    new(labels, instances, prediction),
                    sample.State == SampleState.Kept
                )
                : null;
    }
}
