using System.Globalization;
using System.Runtime.InteropServices;
using FreeMask.Hosting.Silos;

namespace FreeMask.Cli.Terminal;

/// <summary>
/// Handles Ctrl-C, SIGTERM, and SIGHUP (the terminal closes): the first signal cancels the verb, the second ends the process at once. Runs
/// lose no results in either case; a clean stop saves the work in flight.
/// </summary>
internal sealed class ShutdownSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    internal CancellationToken Stop => _stop.Token;

    internal static ShutdownSignals Listen()
    {
        var interruption = new ShutdownSignals();
        PosixSignal[] signals = IsHangUpIgnored()
            ? [PosixSignal.SIGINT, PosixSignal.SIGTERM]
            : [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        foreach (var signal in signals)
            interruption._registrations.Add(PosixSignalRegistration.Create(signal, interruption.OnSignal));
        return interruption;
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }

    /// <summary>
    /// Whether the process was started to survive its terminal (<c>nohup</c>), which a handler for SIGHUP would prevent.
    /// </summary>
    private static bool IsHangUpIgnored()
    {
        const string Line = "SigIgn:";
        const ulong HangUp = 1;
        try
        {
            return File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal))
                    is { } ignored
                && (ulong.Parse(ignored.AsSpan(Line.Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) & HangUp)
                    != 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            // Not Linux.
            return false;
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1) ProcessExit.Leave(ExitCodes.Interrupted);
        _stop.Cancel();
    }
}
