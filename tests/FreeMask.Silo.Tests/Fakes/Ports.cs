using System.Net;
using System.Net.Sockets;

namespace FreeMask.Silo.Tests.Fakes;

/// <summary>
/// Free ports of loopback for programs that are started later. They lie below those that the system gives to outgoing connections, which
/// could take one before its program listens, and none is given twice by this process.
/// </summary>
internal static class Ports
{
    private const int First = 15_000, Count = 17_000;

    // Processes that test at the same time begin at different ports.
    private static int _next = (int)((uint)Environment.ProcessId * 7919 % Count);

    /// <summary>Two different ones.</summary>
    public static (int First, int Second) Pair() => (Next(), Next());

    private static int Next()
    {
        for (var tried = 0; tried < Count; tried++)
        {
            var port = First + ((Interlocked.Increment(ref _next) & int.MaxValue) % Count);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Another program listens there.
            }
        }

        throw new InvalidOperationException($"None of the ports {First} to {First + Count - 1} is free.");
    }
}
