using System.Globalization;
using FreeMask.Hosting.Configuration;

namespace FreeMask.Hosting.Silos;

/// <summary>
/// Ends the process of a silo that can no longer be a member of its cluster, with one line that states the cause, instead of an abort with
/// a stack trace.
/// </summary>
internal sealed partial class FatalSiloError(ILocalSiloDetails self, ILogger<FatalSiloError> logger) : IFatalErrorHandler
{
    private const int Failed = 1;

    /// <inheritdoc/>
    public bool IsUnexpected(Exception exception) => exception is not ThreadAbortException;

    /// <inheritdoc/>
    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        LogFatal(logger, exception, context ?? "");
        Console.Error.WriteLine(Secrets.Hide(Explain(context, exception, self.SiloAddress)));
        ProcessExit.Leave(Failed);
    }

    /// <summary>The remedy.</summary>
    internal static string Explain(string? context, Exception? exception, SiloAddress self)
    {
        var text = $"{context} {exception}";
        if (NamesLaterStart(text, self))
            return "The silo ends: membership knows a later start of a silo at this address, so this machine's clock has been set back. "
                + "Set the clock right, or give the silo other ports, and start it again.";
        if (
            text.Contains("declared dead", StringComparison.OrdinalIgnoreCase)
            || text.Contains("I am dead", StringComparison.OrdinalIgnoreCase)
            || text.Contains("as Dead", StringComparison.Ordinal)
            || text.Contains("defunct", StringComparison.OrdinalIgnoreCase)
        )
            return "The silo ends: the others declared it dead, because it was frozen or could not be reached"
                + " (with TLS: also if its certificate has expired). Start it again.";
        return $"The silo ends: {(exception?.Message ?? context ?? "a fatal error").Split('\n')[0]}";
    }

    /// <summary>
    /// Whether a membership message names a later start of a silo at this address, such as <c>S127.0.0.1:11111:154762884</c>, where the
    /// last number is the start time in seconds.
    /// </summary>
    private static bool NamesLaterStart(string text, SiloAddress self)
    {
        var address = $"S{self.Endpoint}:";
        for (
            var at = text.IndexOf(address, StringComparison.Ordinal);
            at >= 0;
            at = text.IndexOf(address, at + 1, StringComparison.Ordinal)
        )
        {
            var start = text.AsSpan(at + address.Length);
            var digits = start.IndexOfAnyExceptInRange('0', '9');
            if (
                int.TryParse(digits < 0 ? start : start[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
                && generation > self.Generation
            )
                return true;
        }

        return false;
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The silo cannot go on: {Context}")]
    private static partial void LogFatal(ILogger logger, Exception? exception, string context);
}
