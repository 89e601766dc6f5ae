using System.Net;
using System.Net.Sockets;

namespace FreeMask.Silo.Tests.Fakes;

/// <summary>Free ports of loopback.</summary>
internal static class Ports
{
    /// <summary>Two different ones.</summary>
    public static (int First, int Second) Pair()
    {
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }
}
