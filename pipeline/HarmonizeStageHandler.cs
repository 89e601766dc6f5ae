using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Pipeline;

/// <summary>Matches the colors of pasted objects to the image; the image of a sample without any stays as it is.</summary>
internal sealed class HarmonizeStageHandler(IArtifactStore store) : IStageHandler
{
    public Stage Stage => Stage.Harmonize;

    public Task<IReadOnlyList<StageOutcome>> RunAsync(
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    ) => StageArtifacts.EachAsync(inputs, input => HarmonizeAsync(spec.Harmonization, input, cancellationToken));

    private async Task<StageOutcome> HarmonizeAsync(HarmonizationSpec spec, StageInput input, CancellationToken cancellationToken)
    {
        var composite = input.Artifact(ArtifactNames.CompositeImage);
        var pasted = input.Artifacts.FirstOrDefault(a => a.Name == ArtifactNames.Pasted)?.Hash;
        if (pasted is null || !spec.Enabled) return StageOutcome.Done([(ArtifactNames.FinalImage, composite)]);
        var image = await store.GetImageAsync(composite, cancellationToken);
        var mask = await store.GetLabelsAsync(pasted, cancellationToken);
        var instances = await store.GetLabelsAsync(input.Artifact(ArtifactNames.Instances), cancellationToken);
        var result = Harmonizer.Harmonize(image, mask, instances, HarmonizationOptions.Default with { Strength = spec.Strength });
        return StageOutcome.Done([(ArtifactNames.FinalImage, await store.PutAsync(result.Image, cancellationToken))]);
    }
}
