namespace FreeMask.Hosting.Silos;

/// <summary>No silo of a cluster can do the work now: none answers, or none has the role. Another attempt may succeed.</summary>
internal sealed class ClusterUnavailableException : FreeMaskException
{
    /// <summary>Makes the error with the message that the user will read and the exception that caused it.</summary>
    public ClusterUnavailableException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
