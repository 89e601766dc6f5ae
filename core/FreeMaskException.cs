namespace FreeMask;

/// <summary>
/// Something that the user can put right: a bad file, a missing model, a wrong setting. The message is one or two sentences that name
/// the thing and the remedy; it is shown without a stack trace.
/// </summary>
public class FreeMaskException : Exception
{
    /// <summary>Makes the error with the message that the user will read.</summary>
    public FreeMaskException(string message) : base(message) { }

    /// <summary>Makes the error with the message that the user will read and the exception that caused it.</summary>
    public FreeMaskException(string message, Exception innerException) : base(message, innerException) { }
}
