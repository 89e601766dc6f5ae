using System.Collections.Immutable;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;

namespace FreeMask.Load.Benchmarks;

/// <summary>Stages that make nothing: every sample names the same one artifact, so that what is measured is the coordination.</summary>
internal sealed class NoopStages(IArtifactStore store, FakeDevices devices) : IStageRunnerFactory, IStageRunner, ISegmenterTraining
{
    private readonly Lazy<Task<string>> _artifact = new(() => store.PutAsync("nothing"u8.ToArray(), CancellationToken.None));
    private readonly Func<int, Task> _device = devices.Open();

    public IStageRunner Create(string device) => this;

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        Stage kind,
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        var hash = await _artifact.Value;
        await _device(inputs.Count);
        var outcomes = new StageOutcome[inputs.Count];
        for (var i = 0; i < outcomes.Length; i++) outcomes[i] = OutcomeOf(kind, inputs[i].Index, hash);
        return outcomes;
    }

    public async Task<SegmenterModel> TrainAsync(TrainingRequest request, ITrainingMonitor monitor, CancellationToken cancellationToken)
    {
        var hash = await _artifact.Value;
        return new SegmenterModel(hash, hash, null);
    }

    public Task<SegmenterQuality> EvaluateAsync(
        RunSpec spec,
        SegmenterModel model,
        ITrainingMonitor monitor,
        CancellationToken cancellationToken
    ) => Task.FromResult(new SegmenterQuality(1, []));

    private static StageOutcome OutcomeOf(Stage kind, int index, string hash)
    {
        ImmutableArray<(string, string)> made = kind switch
        {
            Stage.Generate => [(ArtifactNames.Image, hash), (ArtifactNames.Attention, hash)],
            Stage.Mask => [(ArtifactNames.Label, hash)],
            Stage.Compose => [(ArtifactNames.CompositeImage, hash), (ArtifactNames.CompositeLabel, hash), (ArtifactNames.Instances, hash)],
            Stage.Harmonize => [(ArtifactNames.FinalImage, hash)],
            _ => [],
        };
        return kind == Stage.Score ? StageOutcome.Scored(index % 1000 / 1000.0) : StageOutcome.Done(made);
    }
}
