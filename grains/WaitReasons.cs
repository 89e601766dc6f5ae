namespace FreeMask.Grains;

/// <summary>What users are told about a fault that is waited for.</summary>
internal static class WaitReasons
{
    /// <summary>The note for a fault after which the same is tried again.</summary>
    /// <param name="reason">The cause, as <see cref="Of"/> gives it.</param>
    public static string Note(string reason) => $"waiting: {reason}; it tries again";

    /// <summary>The cause in one line, without a full stop.</summary>
    public static string Of(Exception exception)
    {
        // Orleans wraps what a store says into names and stack traces, and messages of stores may go on for pages.
        while (exception is OrleansException { InnerException: { } cause }) exception = cause;
        return exception.Message.Split('\n', 2)[0].Trim().TrimEnd('.');
    }
}
