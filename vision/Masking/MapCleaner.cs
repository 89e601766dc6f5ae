using FreeMask.Imaging;
using FreeMask.Vision.Affinity;

namespace FreeMask.Vision.Masking;

/// <summary>One clean-up of one picture, for any number of maps: what depends on the picture alone is computed once.</summary>
internal sealed class MapCleaner
{
    private readonly Func<FloatMap, FloatMap> _refine;

    internal MapCleaner(RgbImage image, MaskOptions options)
    {
        var edges = EdgeFilter(image, options);
        _refine = options.ColorWeight > 0 ? map => edges(ColorPosterior.Compute(image, map, options.ColorWeight)) : edges;
    }

    /// <summary>Cleans a map of the picture's size, 0.5 = undecided.</summary>
    internal FloatMap Clean(FloatMap map) => _refine(map);

    private static Func<FloatMap, FloatMap> EdgeFilter(RgbImage image, MaskOptions options)
    {
        var scale = Math.Min(image.Width, image.Height) / 128f;
        switch (options.CleanUp)
        {
            case MaskCleanUp.None:
                return map => map;
            case MaskCleanUp.GuidedFilter:
                return map => GuidedFilter.Apply(image, map, Math.Max(1, (int)MathF.Round(options.GuidedRadius * scale)), options.GuidedEpsilon);
            case MaskCleanUp.Pamr:
                return new Pamr(image, options.Pamr).Refine;
            case MaskCleanUp.DenseCrf:
                var settings = options.Crf with { GaussianSigma = options.Crf.GaussianSigma * scale, BilateralSigma = options.Crf.BilateralSigma * scale };
                return new DenseCrf(image, settings).RefineBinary;
            default:
                throw new ArgumentOutOfRangeException(nameof(options), options.CleanUp, "This clean-up is not known.");
        }
    }
}
