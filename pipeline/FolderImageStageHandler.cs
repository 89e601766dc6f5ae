using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Vision;
using FreeMask.Vision.Datasets;

namespace FreeMask.Pipeline;

/// <summary>Reads images and their masks from the user's folder.</summary>
internal sealed class FolderImageStageHandler(IArtifactStore store) : IStageHandler, IDisposable
{
    private const int KeptFolders = 2;

    private readonly ModelCache<(string Path, string? List, LabelSet Labels), OpenFolder> _folders = new(KeptFolders);

    public Stage Stage => Stage.Generate;

    public bool Handles(RunSpec spec) => spec.Source.IsFolder;

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        using var folder = await _folders.AcquireAsync(
            (spec.Source.Path, spec.Source.List, spec.LabelSet()),
            () => Task.FromResult(Open(spec))
        );
        var (dataset, entries) = folder.Model;
        return await StageArtifacts.EachAsync(inputs, async input =>
        {
            if (!entries.TryGetValue(input.Plan.Source, out var entry))
                throw new FreeMaskException(
                        $"{spec.Source.Path} no longer holds the image '{input.Plan.Source}' with its mask; put it back, and retry the run."
                    );
            var sample = dataset.Load(entry);
            return StageOutcome.Done(
            [
                (ArtifactNames.Image, await store.PutAsync(sample.Image, cancellationToken)),
                (ArtifactNames.Label, await store.PutAsync(sample.Labels, cancellationToken)),
            ]);
        });
    }

    public void Dispose() => _folders.Dispose();

    private static OpenFolder Open(RunSpec spec)
    {
        var dataset = VocFolder.OpenAs(spec.LabelSet(), spec.Source.Path, spec.Source.List);
        return new(dataset, dataset.Entries.ToDictionary(entry => entry.Id, StringComparer.Ordinal));
    }

    private sealed record OpenFolder(VocFolder Dataset, IReadOnlyDictionary<string, VocEntry> Entries);
}

/// <summary>The mask stage for samples of a folder, which have a mask already.</summary>
internal sealed class GivenMaskStageHandler : IStageHandler
{
    public Stage Stage => Stage.Mask;

    public bool Handles(RunSpec spec) => spec.Source.IsFolder;

    public Task<IReadOnlyList<StageOutcome>> RunAsync(
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    ) => Task.FromResult<IReadOnlyList<StageOutcome>>([.. inputs.Select(_ => StageOutcome.Done([]))]);
}
