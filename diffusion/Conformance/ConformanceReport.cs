namespace FreeMask.Diffusion.Conformance;

/// <summary>One compared quantity.</summary>
/// <param name="Quantity">What was compared, such as <c>run A cross-attention step 1 module 03</c>.</param>
/// <param name="Difference">The largest absolute difference; NaN where it could not be computed.</param>
/// <param name="Tolerance">The largest difference that is allowed.</param>
/// <param name="Note">Why it was not compared; null if it was.</param>
internal sealed record ConformanceRow(string Quantity, double Difference, double Tolerance, string? Note = null)
{
    /// <summary>Whether the difference is within the tolerance, or the quantity does not apply to this export.</summary>
    public bool Passed => Note is not null || Difference <= Tolerance;
}

/// <summary>An export compared with reference data.</summary>
/// <param name="Folder">The export.</param>
/// <param name="Rows">All quantities.</param>
internal sealed record ConformanceReport(string Folder, IReadOnlyList<ConformanceRow> Rows)
{
    /// <summary>Whether every quantity is within its tolerance.</summary>
    public bool Passed => Rows.All(r => r.Passed);
}

/// <summary>Tolerances by quantity and precision of the export's border: rounding differs between runtimes, and guidance multiplies
/// it.</summary>
internal sealed record ConformanceTolerances(
    double Call,
    double Text,
    double Guided,
    double Step,
    double Attention,
    double Image,
    double Encoder
)
{
    internal static ConformanceTolerances Single { get; } = new(1e-4, 1e-4, 1e-3, 1e-3, 1e-4, 1, 5e-3);

    internal static ConformanceTolerances Half { get; } = new(2e-2, 2e-2, 3e-1, 1e-3, 5e-2, 8, 5e-2);
}
