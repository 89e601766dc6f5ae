namespace FreeMask.Vision.Affinity;

/// <summary>Settings of <see cref="Pamr"/>; the defaults are the published ones.</summary>
internal sealed record PamrOptions
{
    /// <summary>Distances of the eight neighbors.</summary>
    public IReadOnlyList<int> Dilations { get; init; } = [1, 2, 4, 8, 12, 24];

    /// <summary>How often the map is averaged.</summary>
    public int Iterations { get; init; } = 10;

    /// <summary>Color differences are measured in this many standard deviations of the neighborhood.</summary>
    public float Sigma { get; init; } = 0.1f;
}
