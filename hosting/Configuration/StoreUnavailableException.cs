namespace FreeMask.Hosting.Configuration;

/// <summary>A store whose settings are valid does not answer or refuses the silo. The message names it and says what to do.</summary>
internal sealed class StoreUnavailableException(string message, Exception innerException) : FreeMaskException(message, innerException);
