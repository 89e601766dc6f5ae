using System.Net;
using FreeMask.Hosting.Security;
using Orleans.Messaging;

namespace FreeMask.Hosting.Silos;

/// <summary>
/// How long a client tries to reach a first silo of a cluster: half a minute, because silos may be about to start. What is wrong with TLS
/// stays wrong, so it ends the attempts. Orleans' own rule is three minutes, whatever the cause.
/// </summary>
internal sealed class ConnectionRetry(IGatewayListProvider gateways, TimeProvider time, ClusterTls? tls) : IClientConnectionRetryFilter
{
    /// <summary>How long attempts are repeated.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1),
        TableTimeout = TimeSpan.FromSeconds(5);

    private readonly long _started = time.GetTimestamp();

    /// <summary>What is wrong with TLS, as the end of a sentence; null if something else is.</summary>
    public string? TlsProblem { get; private set; }

    /// <inheritdoc/>
    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not (OrleansMessageRejectionException or Orleans.Runtime.Messaging.ConnectionFailedException)) return false;
        if (time.GetElapsedTime(_started) > Limit) return false;
        var problem = await ExplainAsync(cancellationToken);
        await Task.Delay(Pause, time, cancellationToken);
        // A silo that starts or stops may close one connection of a client.
        if (problem is null || problem != await ExplainAsync(cancellationToken)) return true;
        TlsProblem = problem;
        return false;
    }

    private async Task<string?> ExplainAsync(CancellationToken cancellationToken)
    {
        IList<Uri> known;
        try
        {
            known = await gateways.GetGateways().WaitAsync(TableTimeout, time, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The table of silos cannot be read, which the failure itself reports.
            return null;
        }

        foreach (var gateway in known.Take(3))
            if (
                IPAddress.TryParse(gateway.DnsSafeHost, out var address)
                && await TlsDiagnosis.ExplainAsync(new IPEndPoint(address, gateway.Port), tls, cancellationToken) is { } problem
            )
                return problem;
        return null;
    }
}
