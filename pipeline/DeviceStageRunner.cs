using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Devices;
using FreeMask.Onnx;
using Microsoft.Extensions.Options;

namespace FreeMask.Pipeline;

/// <summary>Runs the handler of a stage on one device.</summary>
/// <param name="handlers">The handlers; disposed with the runner.</param>
internal sealed class DeviceStageRunner(IReadOnlyList<IStageHandler> handlers) : IStageRunner, IDisposable
{
    /// <summary>Creates the handlers of all stages.</summary>
    /// <param name="bundles">Finds model bundles.</param>
    /// <param name="store">The artifact store.</param>
    /// <param name="sessions">The device, for ONNX Runtime.</param>
    /// <param name="logging">Their loggers.</param>
    internal static DeviceStageRunner Create(
        BundleFolders bundles,
        IArtifactStore store,
        OnnxSessionOptions sessions,
        ILoggerFactory logging
    ) =>
        new([
            new GenerateStageHandler(bundles, store, sessions, logging.CreateLogger<GenerateStageHandler>()),
            new FolderImageStageHandler(store),
            new MaskStageHandler(store),
            new GivenMaskStageHandler(),
            new ComposeStageHandler(bundles, store, sessions),
            new HarmonizeStageHandler(store, sessions),
            new ScoreStageHandler(store, sessions),
        ]);

    /// <inheritdoc/>
    public Task<IReadOnlyList<StageOutcome>> RunAsync(
        Stage stage,
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        var handler = handlers.Single(h => h.Stage == stage && h.Handles(spec));
        return Task.Run(() => handler.RunAsync(spec, inputs, cancellationToken), cancellationToken);
    }

    public void Dispose()
    {
        foreach (var handler in handlers.OfType<IDisposable>()) handler.Dispose();
    }
}

/// <summary>Creates the stage runner of each device.</summary>
internal sealed class DeviceStageRunnerFactory(
    BundleFolders bundles,
    IArtifactStore store,
    IOptions<DeviceOptions> devices,
    ILoggerFactory logging
) : IStageRunnerFactory
{
    /// <inheritdoc/>
    public IStageRunner Create(string device) => DeviceStageRunner.Create(bundles, store, devices.Value.SessionsOf(device), logging);
}
