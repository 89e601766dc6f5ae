using System.Runtime.InteropServices;

namespace FreeMask.Cli.Terminal;

/// <summary>
/// Ctrl-C and SIGTERM: the first asks the verb to stop cleanly, the second ends the process at once. Runs lose nothing either way; a clean
/// stop only saves the work in flight.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    internal CancellationToken Stop => _stop.Token;

    internal static Interruption Listen()
    {
        var interruption = new Interruption();
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM])
            interruption._registrations.Add(PosixSignalRegistration.Create(signal, interruption.OnSignal));
        return interruption;
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1) Environment.Exit(ExitCodes.Interrupted);
        _stop.Cancel();
    }
}
