namespace FreeMask.Cli.Health;

/// <summary>The result of a check.</summary>
internal enum Verdict
{
    /// <summary>Passed.</summary>
    Ok,

    /// <summary>Works, but slowly or with little room.</summary>
    Warning,

    /// <summary>Runs will not work.</summary>
    Failed,
}

/// <summary>One line of the report of <c>freemask doctor</c>.</summary>
/// <param name="Name">What was checked.</param>
/// <param name="Verdict">The result.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Remedy">The remedy; null if none is needed.</param>
internal sealed record Check(string Name, Verdict Verdict, string Detail, string? Remedy = null);
