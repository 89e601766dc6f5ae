using FreeMask.Grains.Artifacts;
using Microsoft.Extensions.Logging;

namespace FreeMask.Grains.Stages;

/// <summary>
/// The decorators around the stage handlers of a device, from the outside in: isolate poison samples, recover lost artifacts, watchdog,
/// handler.
/// </summary>
/// <param name="stages">The stages.</param>
/// <param name="artifacts">The store.</param>
/// <param name="time">The clock of the watchdog.</param>
/// <param name="logger">Logs lost artifacts.</param>
internal sealed class StageRunnerChain(StageTable stages, IArtifactStore artifacts, TimeProvider time, ILogger logger)
{
    /// <summary>The chain for one batch.</summary>
    /// <param name="handlers">The handlers of the device.</param>
    /// <param name="grains">Reads records of other samples.</param>
    /// <param name="run">The run's id.</param>
    /// <param name="round">The round.</param>
    /// <param name="donors">The donor snapshot of the round; null before there is one.</param>
    /// <param name="proven">Whether the same work with the same models succeeded before on this device.</param>
    /// <returns>The outermost runner, and the watchdog.</returns>
    public (IStageRunner Runner, StageWatchdog Watchdog) ForBatch(
        IStageRunner handlers,
        IGrainFactory grains,
        string run,
        int round,
        string? donors,
        bool proven
    )
    {
        var watchdog = new StageWatchdog(handlers, time);
        return (new PoisonSampleIsolator(ForRecovery(watchdog, grains, run, round, donors), stages, proven), watchdog);
    }

    /// <summary>The part of the chain that recovers lost artifacts.</summary>
    /// <param name="handlers">The handlers of the device.</param>
    /// <param name="grains">Reads records of samples.</param>
    /// <param name="run">The run's id.</param>
    /// <param name="round">The round.</param>
    /// <param name="donors">The donor snapshot of the round; null before there is one.</param>
    public ArtifactRecoveryRunner ForRecovery(IStageRunner handlers, IGrainFactory grains, string run, int round, string? donors) =>
        new(
            handlers,
            stages,
            artifacts,
            donors,
            index => grains.GetSample(run, round, index).Get(),
            () => grains.GetRound(run, round).RestoreLists(),
            logger
        );
}
