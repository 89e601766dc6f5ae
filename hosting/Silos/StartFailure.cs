using System.Net.Sockets;
using FreeMask.Hosting.Configuration;
using Orleans.Configuration;
using StackExchange.Redis;

namespace FreeMask.Hosting.Silos;

/// <summary>Explains in one line why a silo with valid settings cannot start.</summary>
internal sealed class StartFailure
{
    // Read before the start: a host that fails disposes its configuration.
    private readonly string _redis, _ports;

    /// <summary>Collects what explanations need.</summary>
    public StartFailure(IConfiguration configuration)
    {
        // The rest of the connection string may hold a password.
        _redis = (ProviderCheck.ConnectionStringOf(configuration, "Orleans:Clustering") ?? "").Split(',')[0];
        var endpoints = configuration.GetSection("Orleans:Endpoints");
        _ports =
            $"{endpoints["SiloPort"] ?? $"{EndpointOptions.DEFAULT_SILO_PORT}"} or "
                + $"{endpoints["GatewayPort"] ?? $"{EndpointOptions.DEFAULT_GATEWAY_PORT}"}";
    }

    /// <summary>Explains a failure; null if its own message has to do.</summary>
    public string? Explain(Exception failure)
    {
        var chain = Chain(failure).ToList();
        if (chain.OfType<StoreUnavailableException>().FirstOrDefault() is { } store) return store.Message;
        // Orleans' reminders wrap the exception of Redis as text.
        if (
            chain.FirstOrDefault(e => e is RedisException || e.Message.StartsWith("StackExchange.Redis.", StringComparison.Ordinal)) is
            { } redis
        )
            return $"The Redis server {_redis} cannot be used: {redis.Message.Split('\n')[0]} Start it, or correct the connection "
                + "strings of section Orleans.";
        if (!IsPortTaken(failure)) return null;
        // The web server names the address; Orleans does not.
        return chain.OfType<IOException>().FirstOrDefault(e => e.Message.StartsWith("Failed to bind", StringComparison.Ordinal)) is { } web
            ? $"{web.Message} Set Urls to an address that is free."
            : $"Another program uses port {_ports}: set Orleans:Endpoints:SiloPort and Orleans:Endpoints:GatewayPort to ports that are "
                + "free.";
    }

    /// <summary>Whether a port to listen on is in use.</summary>
    public static bool IsPortTaken(Exception failure) =>
        Chain(failure).OfType<SocketException>().Any(s => s.SocketErrorCode == SocketError.AddressAlreadyInUse);

    private static IEnumerable<Exception> Chain(Exception exception)
    {
        yield return exception;
        var inner =
            exception is AggregateException many ? many.InnerExceptions
            : exception.InnerException is { } one ? [one]
            : (IReadOnlyList<Exception>)[];
        foreach (var found in inner.SelectMany(Chain)) yield return found;
    }
}
