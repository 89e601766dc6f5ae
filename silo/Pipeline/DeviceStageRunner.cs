using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Onnx;
using FreeMask.Silo.Devices;
using Microsoft.Extensions.Options;

namespace FreeMask.Silo.Pipeline;

/// <summary>The stages of the method on one device.</summary>
internal sealed class DeviceStageRunner : IStageRunner, IDisposable
{
    private readonly IReadOnlyDictionary<Stage, IStageHandler> _handlers;

    public DeviceStageRunner(BundleFolders bundles, IArtifactStore store, OnnxSessionOptions sessions, ILoggerFactory logging) => _handlers = new Dictionary<Stage, IStageHandler>
    {
        [Stage.Generate] = new SourceStageHandler(new GenerateStageHandler(bundles, store, sessions, logging.CreateLogger<GenerateStageHandler>()), new FolderImageStageHandler(store)),
        [Stage.Mask] = new SourceStageHandler(new MaskStageHandler(store), new GivenMaskStageHandler()),
        [Stage.Compose] = new ComposeStageHandler(store),
        [Stage.Harmonize] = new HarmonizeStageHandler(store),
        [Stage.Score] = new ScoreStageHandler(store, sessions),
    };

    /// <inheritdoc/>
    public Task<IReadOnlyList<StageOutcome>> RunAsync(Stage stage, RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken) =>
        Task.Run(() => _handlers[stage].RunAsync(spec, inputs, cancellationToken), cancellationToken);

    public void Dispose()
    {
        foreach (var handler in _handlers.Values.OfType<IDisposable>()) handler.Dispose();
    }
}

/// <summary>Gives each device a runner of its own.</summary>
internal sealed class DeviceStageRunnerFactory(BundleFolders bundles, IArtifactStore store, IOptions<DeviceOptions> devices, ILoggerFactory logging) : IStageRunnerFactory
{
    /// <inheritdoc/>
    public IStageRunner Create(string device) => new DeviceStageRunner(bundles, store, devices.Value.SessionsOf(device), logging);
}
