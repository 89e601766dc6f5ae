using FreeMask.Training.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Placement;

/// <summary>FOPA's two losses (composition.md 1.1).</summary>
internal static class PlacementLoss
{
    /// <summary>FOPA's weight of the second loss.</summary>
    internal const double MimicWeight = 16;

    /// <summary>The target of positions that nobody judged.</summary>
    internal const byte Unlabeled = 255;

    /// <summary>The mean cross-entropy over the judged positions.</summary>
    /// <param name="logits">[n, 2, h, w].</param>
    /// <param name="target">int64 [n, h, w]: 1 plausible, 0 not, 255 not judged; at least one is judged.</param>
    internal static Tensor CrossEntropy(Tensor logits, Tensor target) =>
        functional.cross_entropy(logits, target, ignore_index: Unlabeled);

    /// <summary>The mean squared difference of the features at some positions from those of composites with the object there.</summary>
    /// <param name="features">[n, f, h, w].</param>
    /// <param name="owners">int64 [k]: which image each position is of.</param>
    /// <param name="columns">int64 [k].</param>
    /// <param name="rows">int64 [k].</param>
    /// <param name="composites">[k, f].</param>
    internal static Tensor Mimicking(Tensor features, Tensor owners, Tensor columns, Tensor rows, Tensor composites) =>
        features.permute(0, 2, 3, 1).index(owners, rows, columns).sub(composites).SafeSquare().mean();
}
