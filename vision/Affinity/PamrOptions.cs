namespace FreeMask.Vision.Affinity;

/// <summary>Settings of <see cref="Pamr"/>; the defaults are the published ones.</summary>
internal sealed record PamrOptions
{
    /// <summary>Distances of the eight neighbours.</summary>
    public IReadOnlyList<int> Dilations { get; init; } = [1, 2, 4, 8, 12, 24];

    /// <summary>How often the map is averaged.</summary>
    public int Iterations { get; init; } = 10;

    /// <summary>Colour differences are measured in this many standard deviations of the neighbourhood.</summary>
    public float Sigma { get; init; } = 0.1f;
}
