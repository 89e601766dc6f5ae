namespace FreeMask.Cli.Terminal;

/// <summary>The exit codes of the process.</summary>
internal static class ExitCodes
{
    internal const int Ok = 0;

    /// <summary>The work failed.</summary>
    internal const int Failed = 1;

    /// <summary>An argument, a file or the machine does not meet the requirements; nothing was done.</summary>
    internal const int BadInput = 2;

    /// <summary>Stopped by the user (128 + SIGINT).</summary>
    internal const int Interrupted = 130;
}
