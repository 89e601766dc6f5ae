using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>Every place and size is as good as any other: what <see cref="RuleScorer"/> and models are compared with.</summary>
internal sealed class RandomScorer : IPlacementScorer
{
    private const int Cells = 48;

    /// <summary>The scales of the rules.</summary>
    public IReadOnlyList<double> Scales { get; } = new RuleScorer().Scales;

    /// <inheritdoc/>
    public PlacementScores Score(PlacementQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var map = new FloatMap(Cells, Cells);
        Array.Fill(map.Values, 1f);
        return new([.. query.Sizes.Select(_ => map)]);
    }
}
