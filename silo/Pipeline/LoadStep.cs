using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Vision;
using FreeMask.Vision.Export;

namespace FreeMask.Silo.Pipeline;

/// <summary>Takes images and their masks from the user's folder.</summary>
internal sealed class LoadStep(IArtifactStore store) : IStageStep
{
    private (SourceSpec Source, IReadOnlyDictionary<string, VocEntry> Entries)? _opened;

    public Task<IReadOnlyList<StageOutcome>> RunAsync(RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken)
    {
        var entries = Open(spec.Source);
        return StepArtifacts.EachAsync(inputs, async input =>
        {
            if (!entries.TryGetValue(input.Plan.Source, out var entry))
                throw new FreeMaskException($"{spec.Source.Path} no longer holds the image '{input.Plan.Source}' with its mask; put it back, and retry the run.");
            var sample = VocDataset.Load(entry);
            return StageOutcome.Done(
            [
                (ArtifactNames.Image, await store.PutAsync(sample.Image, cancellationToken)),
                (ArtifactNames.Label, await store.PutAsync(sample.Labels, cancellationToken)),
            ]);
        });
    }

    private IReadOnlyDictionary<string, VocEntry> Open(SourceSpec source)
    {
        if (_opened is { } last && last.Source.Path == source.Path && last.Source.List == source.List) return last.Entries;
        var entries = VocDataset.Open(source.Path, source.List).Entries.ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        _opened = (source, entries);
        return entries;
    }
}

/// <summary>A sample of a folder has its mask already.</summary>
internal sealed class GivenMaskStep : IStageStep
{
    public Task<IReadOnlyList<StageOutcome>> RunAsync(RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<StageOutcome>>([.. inputs.Select(_ => StageOutcome.Done([]))]);
}
