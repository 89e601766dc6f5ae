namespace FreeMask.Silo.Hosting;

/// <summary>Ends the process of a silo that can no longer be part of its cluster, with one line that says why, instead of an abort with a stack.</summary>
internal sealed partial class FatalSiloError(ILogger<FatalSiloError> logger) : IFatalErrorHandler
{
    private const int Failed = 1;

    /// <inheritdoc/>
    public bool IsUnexpected(Exception exception) => exception is not ThreadAbortException;

    /// <inheritdoc/>
    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        LogFatal(logger, exception, context ?? "");
        Console.Error.WriteLine(Explain(context, exception));
        ProcessEnd.Leave(Failed);
    }

    /// <summary>What a user can do about it.</summary>
    internal static string Explain(string? context, Exception? exception)
    {
        var text = $"{context} {exception}";
        if (text.Contains("newer version of myself", StringComparison.OrdinalIgnoreCase))
            return "The silo ends: membership knows a later start of a silo at this address, so this machine's clock has been set back. Set the clock right, or give the silo other ports, and start it again.";
        if (text.Contains("declared dead", StringComparison.OrdinalIgnoreCase) || text.Contains("I am dead", StringComparison.OrdinalIgnoreCase) || text.Contains("defunct", StringComparison.OrdinalIgnoreCase))
            return "The silo ends: the others declared it dead, because it was frozen or could not be reached. Start it again.";
        return $"The silo ends: {(exception?.Message ?? context ?? "a fatal error").Split('\n')[0]}";
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The silo cannot go on: {Context}")]
    private static partial void LogFatal(ILogger logger, Exception? exception, string context);
}
