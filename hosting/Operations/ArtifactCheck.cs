using FreeMask.Grains.Artifacts;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FreeMask.Hosting.Operations;

/// <summary>Whether the artifact store answers.</summary>
internal sealed class ArtifactCheck(IArtifactStore store) : IHealthCheck
{
    // Any hash will do: only the answer matters.
    private static readonly string Anything = ArtifactHash.Of([]);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        try
        {
            await store.ExistsAsync(Anything, cancellationToken);
            return HealthCheckResult.Healthy("the artifact store answers");
        }
        catch (ArtifactStoreException exception)
        {
            return HealthCheckResult.Unhealthy(exception.Message);
        }
    }
}
