using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>An object that is already in the image.</summary>
/// <param name="ClassId">Its label.</param>
/// <param name="Box">Its bounding box.</param>
/// <param name="Cut">Sides at which the image's border cuts it.</param>
/// <param name="IsPasted">Whether it was pasted in.</param>
internal sealed record PlacedObject(byte ClassId, PixelBox Box, BorderSides Cut, bool IsPasted = false);

/// <summary>What a scorer is asked: where, and how large, could this object be?</summary>
internal sealed record PlacementQuery
{
    /// <summary>The image that the object goes into.</summary>
    public required RgbImage Background { get; init; }

    /// <summary>Its label map, 0 where free.</summary>
    public required LabelMap Labels { get; init; }

    /// <summary>The thesaurus' name of its scene, or null.</summary>
    public string? Scene { get; init; }

    /// <summary>Where things may stand in it and how tall they look there; null where the scene is not known.</summary>
    public ScenePerspective? Perspective { get; init; }

    /// <summary>The objects in it.</summary>
    public required IReadOnlyList<PlacedObject> Objects { get; init; }

    /// <summary>The label of the object to place, from 1.</summary>
    public required byte ClassId { get; init; }

    /// <summary>What is known of the classes.</summary>
    public LabelSet Classes { get; init; } = LabelSet.Voc;

    /// <summary>The object to place.</summary>
    public required Cutout Foreground { get; init; }

    /// <summary>The object's size in background pixels at each of the scorer's scales.</summary>
    public required IReadOnlyList<(int Height, int Width)> Sizes { get; init; }
}

/// <summary>How candidates are taken from a scorer's heat maps.</summary>
internal enum CandidateSelection
{
    /// <summary>Drawn in proportion to the score: maps of rules are flat, and draws keep variety.</summary>
    Drawn,

    /// <summary>The best that do not overlap each other much: maps of models have peaks, and their best cells are neighbors.</summary>
    Best,
}

/// <summary>A named factor of the score of a place.</summary>
/// <param name="Name">Such as <c>fit</c>.</param>
/// <param name="Value">In 0..1.</param>
internal sealed record ScorePart(string Name, double Value);

/// <summary>What a scorer says of all places of an object.</summary>
/// <param name="Maps">One heat map for each of <see cref="PlacementQuery.Sizes"/>, all of one size, values in 0..1.</param>
/// <param name="PartsOf">
/// The factors whose product is a place's value in its heat map, the same names in the same order for every place; none by default.
/// </param>
internal sealed record PlacementScores(
    IReadOnlyList<FloatMap> Maps,
    Func<PlacementCandidate, IReadOnlyList<ScorePart>>? PartsOf = null
);

/// <summary>
/// Scores all places at once, as FOPA does: a heat map a scale, a cell being the object's center (composition.md 1.1). Learned scorers and
/// rules take the same place in <see cref="Composer"/>.
/// </summary>
internal interface IPlacementScorer
{
    /// <summary>The scales that this scorer wants scored: max(w / W, h / H), rising, each in 0..1.</summary>
    IReadOnlyList<double> Scales { get; }

    /// <summary>How candidates are taken from the heat maps.</summary>
    CandidateSelection Selection => CandidateSelection.Drawn;

    /// <summary>Scores all places of the object.</summary>
    PlacementScores Score(PlacementQuery query);
}
