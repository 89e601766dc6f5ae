using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Onnx;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Pipeline;

/// <summary>
/// Matches the colors of pasted objects to the image, by the rule or by a model on the device; the image of a sample without any stays as
/// it is.
/// </summary>
internal sealed class HarmonizeStageHandler(IArtifactStore store, OnnxSessionOptions sessions) : IStageHandler, IDisposable
{
    private const int KeptModels = 2;

    private readonly ModelCache<(string Folder, string Hash), HarmonizerModel> _models = new(KeptModels);

    public Stage Stage => Stage.Harmonize;

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        var settings = spec.Harmonization;
        var outcomes = new StageOutcome[inputs.Count];
        var pasted = new List<(int At, HarmonizerTask Task)>();
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (settings.Enabled && await TaskAsync(inputs[i], cancellationToken) is { } task) pasted.Add((i, task));
            else outcomes[i] = StageOutcome.Done([(ArtifactNames.FinalImage, inputs[i].Artifact(ArtifactNames.CompositeImage))]);
        }

        var tasks = pasted.Select(item => item.Task).ToList();
        var images = await HarmonizeAsync(settings, tasks, cancellationToken);
        for (var k = 0; k < images.Count; k++)
        {
            var image = settings.Sharpness == "match" ? SharpnessMatch.Apply(images[k], tasks[k], settings.Strength) : images[k].Image;
            outcomes[pasted[k].At] = StageOutcome.Done([(ArtifactNames.FinalImage, await store.PutAsync(image, cancellationToken))]);
        }

        return outcomes;
    }

    public void Dispose() => _models.Dispose();

    private async Task<IReadOnlyList<HarmonizedImage>> HarmonizeAsync(
        HarmonizationSpec settings,
        List<HarmonizerTask> tasks,
        CancellationToken cancellationToken
    )
    {
        if (tasks.Count == 0) return [];
        if (settings is not { ModelFolder: { } folder, ModelHash: { } hash })
        {
            var options = HarmonizationOptions.Default with { Strength = settings.Strength };
            return [.. tasks.Select(task => Harmonizer.Harmonize(task.Composite, task.Pasted, task.Instances, options))];
        }

        using var model = await _models.AcquireAsync((folder, hash), () => Task.FromResult(Open(folder, hash)));
        return model.Model.Harmonize(tasks, settings.Strength, cancellationToken);
    }

    private async Task<HarmonizerTask?> TaskAsync(StageInput input, CancellationToken cancellationToken)
    {
        if (input.Artifacts.FirstOrDefault(a => a.Name == ArtifactNames.Pasted)?.Hash is not { } pasted) return null;
        return new HarmonizerTask(
            await store.GetImageAsync(input.Artifact(ArtifactNames.CompositeImage), cancellationToken),
            await store.GetLabelsAsync(pasted, cancellationToken),
            await store.GetLabelsAsync(input.Artifact(ArtifactNames.Instances), cancellationToken)
        );
    }

    private HarmonizerModel Open(string folder, string hash)
    {
        var model = HarmonizerModel.Load(folder, sessions);
        if (model.Hash == hash) return model;
        model.Dispose();
        throw new FreeMaskException(
            $"The harmonizer in {folder} is not the one that this run was started with (its sha256 differs). Put that one back, or start "
                + "a new run."
        );
    }
}
