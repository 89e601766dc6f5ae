using FreeMask.Imaging;
using FreeMask.Vision.Affinity;

namespace FreeMask.Vision.Masking;

/// <summary>One refinement on one image, for any number of maps: what depends on the image alone is computed once.</summary>
internal sealed class MaskRefinement
{
    private readonly Func<FloatMap, FloatMap> _refine;

    internal MaskRefinement(RgbImage image, MaskOptions options)
    {
        var edges = EdgeFilter(image, options);
        _refine = options.ColorWeight > 0 ? map => edges(ColorPosterior.Compute(image, map, options.ColorWeight)) : edges;
    }

    /// <summary>Cleans a map of the image's size, 0.5 = undecided.</summary>
    internal FloatMap Apply(FloatMap map) => _refine(map);

    private static Func<FloatMap, FloatMap> EdgeFilter(RgbImage image, MaskOptions options)
    {
        var scale = Math.Min(image.Width, image.Height) / 128f;
        switch (options.Refinement)
        {
            case MaskRefinementMethod.None:
                return map => map;
            case MaskRefinementMethod.GuidedFilter:
                return map =>
                    GuidedFilter.Apply(image, map, Math.Max(1, (int)MathF.Round(options.GuidedRadius * scale)), options.GuidedEpsilon);
            case MaskRefinementMethod.Pamr:
                return new Pamr(image, options.Pamr).Refine;
            case MaskRefinementMethod.DenseCrf:
                var settings = options.Crf with
                {
                    GaussianSigma = options.Crf.GaussianSigma * scale,
                    BilateralSigma = options.Crf.BilateralSigma * scale,
                };
                return new DenseCrf(image, settings).RefineBinary;
            default:
                throw new ArgumentOutOfRangeException(nameof(options), options.Refinement, "This refinement is not known.");
        }
    }
}
