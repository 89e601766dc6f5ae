namespace FreeMask.Vision.Placement;

/// <summary>A place that was tried with the true outline of the object.</summary>
/// <param name="Place">The place; its score is the heat map's value times the visible share.</param>
/// <param name="Parts">Factors whose product is the score: the scorer's own, and <c>visible</c>, the least visible share over all objects
/// of the image.</param>
internal sealed record TriedPlace(PlacementCandidate Place, IReadOnlyList<ScorePart> Parts);

/// <summary>The places that could be taken, and the one that was.</summary>
/// <param name="Places">The best ones, best first: at least those that the choice was among.</param>
/// <param name="Chosen">Which of them was taken.</param>
internal sealed record PlacementChoice(IReadOnlyList<TriedPlace> Places, int Chosen)
{
    /// <summary>The place that was taken.</summary>
    internal PlacementCandidate Place => Places[Chosen].Place;
}
