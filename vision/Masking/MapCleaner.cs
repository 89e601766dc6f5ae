using FreeMask.Vision.Affinity;
using FreeMask.Vision.Imaging;

namespace FreeMask.Vision.Masking;

/// <summary>One clean-up of one picture, for any number of maps: what depends on the picture alone is computed once.</summary>
internal sealed class MapCleaner
{
    private readonly Func<FloatMap, FloatMap> _clean;

    internal MapCleaner(RgbImage image, MaskOptions options)
    {
        switch (options.CleanUp)
        {
            case MaskCleanUp.None:
                _clean = map => map.Clone();
                break;
            case MaskCleanUp.GuidedFilter:
                _clean = map => GuidedFilter.Apply(image, map, options.GuidedRadius, options.GuidedEpsilon);
                break;
            case MaskCleanUp.Pamr:
                _clean = new Pamr(image, options.Pamr).Refine;
                break;
            case MaskCleanUp.DenseCrf:
                var crf = new DenseCrf(image, options.Crf);
                _clean = map => crf.RefineBinary(map);
                break;
            case MaskCleanUp.ColorPamr:
                var pamr = new Pamr(image, options.Pamr);
                _clean = map => pamr.Refine(ColorPosterior.Compute(image, map, options.ColorWeight));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(options), options.CleanUp, "This clean-up is not known.");
        }
    }

    /// <summary>Cleans a map of the picture's size.</summary>
    internal FloatMap Clean(FloatMap map) => _clean(map);
}
