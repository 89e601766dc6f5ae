using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Silo.Devices;
using FreeMask.Vision.Onnx;
using Microsoft.Extensions.Options;

namespace FreeMask.Silo.Pipeline;

/// <summary>The stages of the method on one device.</summary>
internal sealed class PipelineRunner : IStageRunner, IDisposable
{
    private readonly IReadOnlyDictionary<StageKind, IStageStep> _steps;

    public PipelineRunner(BundleFolders bundles, IArtifactStore store, OnnxSessionOptions sessions, ILoggerFactory logging) => _steps = new Dictionary<StageKind, IStageStep>
    {
        [StageKind.Generate] = new SourceStep(new DrawStep(bundles, store, sessions, logging.CreateLogger<DrawStep>()), new LoadStep(store)),
        [StageKind.Mask] = new SourceStep(new MaskStep(store), new GivenMaskStep()),
        [StageKind.Compose] = new ComposeStep(store),
        [StageKind.Harmonize] = new HarmonizeStep(store),
        [StageKind.Score] = new ScoreStep(store, sessions),
    };

    /// <inheritdoc/>
    public Task<IReadOnlyList<StageOutcome>> RunAsync(StageKind kind, RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken) =>
        Task.Run(() => _steps[kind].RunAsync(spec, inputs, cancellationToken), cancellationToken);

    public void Dispose()
    {
        foreach (var step in _steps.Values.OfType<IDisposable>()) step.Dispose();
    }
}

/// <summary>Gives each device a runner of its own.</summary>
internal sealed class PipelineRunnerFactory(BundleFolders bundles, IArtifactStore store, IOptions<DeviceOptions> devices, ILoggerFactory logging) : IStageRunnerFactory
{
    /// <inheritdoc/>
    public IStageRunner Create(string device) => new PipelineRunner(bundles, store, devices.Value.SessionsOf(device), logging);
}
