namespace FreeMask.Dashboard.Services;

/// <summary>An image of a sample's lineage.</summary>
/// <param name="Key">Names it among the others.</param>
/// <param name="Name">For people.</param>
/// <param name="Artifact">The artifact below.</param>
/// <param name="Labels">The label map above it; null for none.</param>
public sealed record LineageImage(string Key, string Name, string Artifact, string? Labels);
