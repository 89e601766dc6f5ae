using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using Microsoft.Extensions.Logging;

namespace FreeMask.Grains.Devices;

/// <summary>Recomputes lost artifacts on the first device of its silo, one at a time.</summary>
internal sealed partial class ArtifactRestorerGrain(
    StageTable stages,
    ILocalDevices devices,
    IArtifactStore artifacts,
    TimeProvider time,
    ILogger<ArtifactRestorerGrain> logger
) : Grain, IArtifactRestorerGrain
{
    private readonly CancellationTokenSource _stopping = new();

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _stopping.CancelAsync();

    public async Task<bool> Restore(RunSpec spec, int round, int index, string hash)
    {
        var (run, grains, stop) = (this.GetPrimaryKeyString(), GrainFactory, _stopping.Token);
        if (devices.Devices.Count == 0 || await grains.GetSample(run, round, index).Get() is not { } record) return false;
        var donors = (await grains.GetRound(run, round).GetArtifacts()).Donors;
        var recovery = new StageRunnerChain(stages, artifacts, time, logger).ForRecovery(
            devices.Devices[0].Runner,
            grains,
            run,
            round,
            donors
        );
        try
        {
            // The computation leaves the grain's scheduler.
            return await Task.Run(() => recovery.RestoreAsync(hash, spec, [StageInput.Of(run, record)], stop), stop);
        }
        catch (ArtifactLostException lost)
        {
            LogLost(logger, lost, hash);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The artifact {Hash} cannot be made again: what it is made from is lost too")]
    private static partial void LogLost(ILogger logger, Exception exception, string hash);
}
