using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace FreeMask.Hosting.Security;

/// <summary>Warns at the start of a silo that other machines can reach without TLS.</summary>
internal sealed partial class UnprotectedClusterWarning(IOptions<EndpointOptions> endpoints, ILogger<UnprotectedClusterWarning> logger)
    : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var options = endpoints.Value;
        IPAddress?[] addresses =
        [
            options.SiloListeningEndpoint?.Address ?? options.AdvertisedIPAddress,
            options.GatewayListeningEndpoint?.Address ?? options.AdvertisedIPAddress,
        ];
        if (addresses.FirstOrDefault(address => address is not null && !IPAddress.IsLoopback(address)) is { } open)
            LogUnprotected(logger, open);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The silo listens on {Address} without TLS: whoever reaches it controls its runs. Set FreeMask:Tls:Certificate and "
            + "FreeMask:Tls:Authority, or use a network that you trust."
    )]
    private static partial void LogUnprotected(ILogger logger, IPAddress address);
}
