using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Hosting.Configuration;
using Microsoft.Extensions.Options;

namespace FreeMask.Hosting.Silos;

/// <summary>
/// Activates runs after the silo of their grain died: all runs once this silo is active, and again whenever a silo leaves. The run decides
/// what to do; activating an active or paused run does no harm.
/// </summary>
internal sealed partial class RunRecoveryService(
    IGrainFactory grains,
    IClusterMembershipService membership,
    IOptions<FreeMaskOptions> options,
    IOptions<CoordinationOptions> coordination,
    TimeProvider time,
    ILogger<RunRecoveryService> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.ResumeRuns || !options.Value.ParsedRoles.HasFlag(SiloRoles.Coordinator)) return;
        var before = membership.CurrentSnapshot;
        await WakeAsync(stoppingToken);
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken))
        {
            if (IsAnyGone(before, snapshot)) await WakeAsync(stoppingToken);
            before = snapshot;
        }
    }

    /// <summary>
    /// Whether a silo began to shut down or has died: in the first case its grains may still be there, in the second they are not.
    /// </summary>
    private static bool IsAnyGone(ClusterMembershipSnapshot before, ClusterMembershipSnapshot now) => before.Members.Values.Any(old =>
        old.Status != SiloStatus.Dead
        && now.GetSiloStatus(old.SiloAddress) is var status
        && (status is SiloStatus.Dead or SiloStatus.None || (old.Status == SiloStatus.Active && status != SiloStatus.Active)));

    /// <summary>Activates every run; retries, because right after a death calls may fail.</summary>
    private async Task WakeAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var runs = await grains.GetGrain<IRunDirectoryGrain>(0).List();
                foreach (var run in runs)
                {
                    // An answer proves that the run is activated; a one-way notification alone could be lost.
                    await grains.GetGrain<IRunGrain>(run).GetSpec();
                    await grains.GetGrain<IRunGrain>(run).NotifyChanged();
                }

                LogWoken(logger, runs.Length);
                return;
            }
            catch (Exception exception)
            {
                LogNotYet(logger, exception);
                await Task.Delay(coordination.Value.RetryDelay, time, stoppingToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} runs were looked after")]
    private static partial void LogWoken(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Runs cannot be looked after yet")]
    private static partial void LogNotYet(ILogger logger, Exception exception);
}
