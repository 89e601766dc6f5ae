using FreeMask.Grains.Devices;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FreeMask.Hosting.Operations;

/// <summary>Whether this silo is an active member of its cluster and does not shut down.</summary>
internal sealed class MembershipCheck(ISiloStatusOracle oracle, SiloDrainState departure) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) => Task.FromResult(
        departure.IsDraining ? HealthCheckResult.Unhealthy("the silo is drained: it takes no work until it is restarted")
        : oracle.CurrentStatus == SiloStatus.Active ? HealthCheckResult.Healthy($"one of {oracle.GetActiveSilos().Length} active silos")
        : HealthCheckResult.Unhealthy($"the silo is {oracle.CurrentStatus}"));
}
