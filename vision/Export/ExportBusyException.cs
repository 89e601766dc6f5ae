namespace FreeMask.Vision.Export;

/// <summary>Another process writes an export into the same folder at this moment.</summary>
internal sealed class ExportBusyException : FreeMaskException
{
    /// <summary>Makes the error with the message that the user will read and the exception that caused it.</summary>
    public ExportBusyException(string message, Exception innerException) : base(message, innerException) { }
}
