namespace FreeMask.Vision.Harmonization;

/// <summary>How pasted objects are matched to their surroundings.</summary>
internal sealed record HarmonizationOptions
{
    /// <summary>The settings that the pipeline uses unless told otherwise.</summary>
    public static HarmonizationOptions Default { get; } = new();

    /// <summary>How much of the estimated change is made, in 0..1; 0 leaves the image as it is.</summary>
    public double Strength { get; init; } = 1;

    /// <summary>Width of the ring of surroundings whose colors count, as a share of the longer side.</summary>
    public double Ring { get; init; } = 0.1;
}
