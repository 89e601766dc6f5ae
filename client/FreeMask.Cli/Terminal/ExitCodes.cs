namespace FreeMask.Cli.Terminal;

/// <summary>What the process returns to its shell.</summary>
internal static class ExitCodes
{
    internal const int Ok = 0;

    /// <summary>The work was understood and did not succeed.</summary>
    internal const int Failed = 1;

    /// <summary>An argument, a file or the machine is not as it has to be; nothing was done.</summary>
    internal const int BadInput = 2;

    /// <summary>Stopped by the user (128 + SIGINT).</summary>
    internal const int Interrupted = 130;
}
