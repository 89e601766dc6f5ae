namespace FreeMask.Vision.Placement;

/// <summary>
/// How plausible people find an object of a given scale, whatever it is: counted over the 62,074 labeled placements of the OPA training
/// pairs (bcmi/FOPA, <c>train_pair_new.json</c>, MIT; Liu et al., "OPA: Object Placement Assessment Dataset", arXiv:2107.01889).
/// Scale is max(w / W, h / H) of object and background.
/// </summary>
internal static class PlacementPrior
{
    // Lower edge of the bin; placements labeled plausible; placements labeled implausible.
    private static readonly (double Edge, int Plausible, int Implausible)[] Bins =
    [
        (0, 892, 3090),
        (0.12, 2948, 8366),
        (0.18, 2442, 7103),
        (0.25, 3104, 6399),
        (0.35, 4413, 6228),
        (0.5, 4354, 5769),
        (0.7, 3223, 3743),
    ];

    private static readonly double[] Centers = [0.1, 0.15, 0.215, 0.3, 0.425, 0.6, 0.8];

    /// <summary>The bins: lower edge of the scale, P(plausible | scale), and the bin's share of all plausible placements.</summary>
    public static IReadOnlyList<(double Edge, double Plausible, double Share)> Table { get; } =
        [.. Bins.Select(b => (b.Edge, Rate(b), b.Plausible / (double)Bins.Sum(o => o.Plausible)))];

    /// <summary>P(plausible | scale), linear between the centers of the bins, constant outside of them.</summary>
    /// <param name="scale">max(w / W, h / H).</param>
    public static double Plausible(double scale)
    {
        if (scale <= Centers[0]) return Rate(Bins[0]);
        for (var i = 1; i < Centers.Length; i++)
        {
            if (scale > Centers[i]) continue;
            var t = (scale - Centers[i - 1]) / (Centers[i] - Centers[i - 1]);
            return ((1 - t) * Rate(Bins[i - 1])) + (t * Rate(Bins[i]));
        }

        return Rate(Bins[^1]);
    }

    private static double Rate((double Edge, int Plausible, int Implausible) bin) =>
        bin.Plausible / (double)(bin.Plausible + bin.Implausible);
}
