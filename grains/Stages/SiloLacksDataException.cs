namespace FreeMask.Grains.Stages;

/// <summary>
/// Data that a run names by their folder are not on this silo, or are others than those that the run was started with. Another silo may
/// have them.
/// </summary>
internal sealed class SiloLacksDataException : FreeMaskException
{
    /// <summary>Makes the error with the message that the user will read; it names key and folder.</summary>
    public SiloLacksDataException(string message) : base(message) { }

    /// <summary>Makes the error with the exception that caused it.</summary>
    public SiloLacksDataException(string message, Exception innerException) : base(message, innerException) { }
}
