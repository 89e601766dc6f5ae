using FreeMask.Training.Torch;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FreeMask.Training.Harmonization;

/// <summary>
/// Region-aware adaptive instance normalization (RAIN; Ling et al., CVPR 2021): object and rest are each normalized by their own mean and
/// deviation, and the object takes those of the rest. Parameters <c>foreground_gamma</c>, <c>foreground_beta</c>,
/// <c>background_gamma</c>, <c>background_beta</c> [c], zero at the start.
/// </summary>
internal sealed class RegionNormalization : NamedModule<(Tensor Values, Tensor Mask), Tensor>
{
    internal const double Epsilon = 1e-5;

    private readonly Parameter _foregroundGamma, _foregroundBeta, _backgroundGamma, _backgroundBeta;

    internal RegionNormalization(long channels) : base(nameof(RegionNormalization))
    {
        _foregroundGamma = Add("foreground_gamma");
        _foregroundBeta = Add("foreground_beta");
        _backgroundGamma = Add("background_gamma");
        _backgroundBeta = Add("background_beta");

        Parameter Add(string name)
        {
            var parameter = new Parameter(zeros(channels));
            register_parameter(name, parameter);
            return parameter;
        }
    }

    /// <summary>Normalizes.</summary>
    /// <param name="input">Values [n, c, h, w], and the mask [n, 1, h, w]: 1 where the object is, 0 elsewhere.</param>
    /// <returns>[n, c, h, w]; finite also where a region is empty.</returns>
    public override Tensor forward((Tensor Values, Tensor Mask) input)
    {
        using var scope = NewDisposeScope();
        var (values, front) = input;
        var back = front.neg().add(PinnedScalar.Of(1), PinnedScalar.Of(1));
        var (inner, outer) = (Region.Of(values, front), Region.Of(values, back));
        // The mask is 0 or 1, so that what is zero outside of its region stays so, and the two are added.
        var own = inner.Difference.mul(outer.Deviation.div(inner.Deviation)).SafeAdd(outer.Mean.mul(front));
        return Affine(own, front, _foregroundGamma, _foregroundBeta)
            .SafeAdd(Affine(outer.Difference.div(outer.Deviation), back, _backgroundGamma, _backgroundBeta))
            .MoveToOuterDisposeScope();
    }

    private static Tensor Affine(Tensor values, Tensor region, Parameter gamma, Parameter beta) =>
        values
            .mul(gamma.view(1, -1, 1, 1).add(PinnedScalar.Of(1), PinnedScalar.Of(1)))
            .SafeAdd(beta.view(1, -1, 1, 1).mul(region));

    /// <summary>Statistics of a region for each image and channel.</summary>
    /// <param name="Mean">[n, c, 1, 1].</param>
    /// <param name="Deviation">[n, c, 1, 1].</param>
    /// <param name="Difference">Values minus the mean [n, c, h, w], 0 outside of the region.</param>
    private sealed record Region(Tensor Mean, Tensor Deviation, Tensor Difference)
    {
        internal static Region Of(Tensor values, Tensor region)
        {
            var count = Sum(region).add(PinnedScalar.Of(Epsilon), PinnedScalar.Of(1));
            var own = values.mul(region);
            var mean = Sum(own).div(count);
            var difference = own.sub(mean.mul(region));
            var variance = Sum(difference.SafeSquare()).div(count);
            return new(mean, variance.add(PinnedScalar.Of(Epsilon), PinnedScalar.Of(1)).sqrt(), difference);
        }

        private static Tensor Sum(Tensor values) => values.sum([2, 3], keepdim: true);
    }
}
