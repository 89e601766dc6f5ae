namespace FreeMask.Cli.Health;

/// <summary>How a check went.</summary>
internal enum Verdict
{
    /// <summary>As it has to be.</summary>
    Ok,

    /// <summary>Works, but slower or with less room than one would like.</summary>
    Warning,

    /// <summary>Runs will not work.</summary>
    Failed,
}

/// <summary>One line of the doctor's report.</summary>
/// <param name="Name">What was looked at.</param>
/// <param name="Verdict">How it went.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Remedy">What to do; null where nothing has to be done.</param>
internal sealed record Check(string Name, Verdict Verdict, string Detail, string? Remedy = null);
