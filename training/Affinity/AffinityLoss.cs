using FreeMask.Training.Torch;
using FreeMask.Vision.Affinity;
using static TorchSharp.torch;

namespace FreeMask.Training.Affinity;

/// <summary>The three parts of the loss, and what is minimised.</summary>
/// <param name="Background">Mean over pairs of background of -log(a + 1e-5).</param>
/// <param name="Foreground">The same over pairs of one class.</param>
/// <param name="Different">Mean over pairs that differ of -log(1 + 1e-5 - a).</param>
internal sealed record AffinityLossParts(Tensor Background, Tensor Foreground, Tensor Different)
{
    /// <summary>Background / 4 + foreground / 4 + different / 2.</summary>
    internal Tensor Total => Background.mul(Held.Of(0.25)).Plus(Foreground.mul(Held.Of(0.25))).Plus(Different.mul(Held.Of(0.5)));
}

/// <summary>Affinities of pairs and their loss (AffinityNet, Ahn and Kwak, CVPR 2018; jiwoon-ahn/psa, train_aff.py).</summary>
internal static class AffinityLoss
{
    private const double Epsilon = 1e-5;

    /// <summary>exp(-mean over channels of |e_i - e_j|) of every pair.</summary>
    /// <param name="embedding">[batch, channels, height, width].</param>
    /// <param name="pairs">The pairs of its grid.</param>
    /// <returns>[batch, pairs], in the order of pairs.</returns>
    internal static Tensor Affinities(Tensor embedding, AffinityPairs pairs)
    {
        // Displacement by displacement: views of two rectangles, no gathering of cells.
        var parts = new List<Tensor>();
        foreach (var shift in pairs.Shifts)
            if (shift.Rows > 0 && shift.Columns > 0)
                parts.Add((Rectangle(embedding, shift, 0, 0) - Rectangle(embedding, shift, shift.Dy, shift.Dx)).abs().mean([1]).flatten(1));
        return cat(parts, 1).neg().exp();
    }

    /// <summary>The loss of affinities; each part is the mean over its own pairs, 0 where there are none.</summary>
    /// <param name="affinities">[batch, pairs].</param>
    /// <param name="labels">What is known of each pair, picture after picture.</param>
    internal static AffinityLossParts Compute(Tensor affinities, ReadOnlySpan<PairLabel> labels)
    {
        var attract = affinities.Plus(Held.Of(Epsilon)).log().neg();
        var repel = affinities.neg().Plus(Held.Of(1 + Epsilon)).log().neg();
        return new AffinityLossParts(
            Mean(attract, Weights(labels, PairLabel.Background)), Mean(attract, Weights(labels, PairLabel.Foreground)), Mean(repel, Weights(labels, PairLabel.Different)));
    }

    private static Tensor Rectangle(Tensor embedding, PairShift shift, int dy, int dx) =>
        embedding.narrow(2, shift.Top + dy, shift.Rows).narrow(3, shift.Left + dx, shift.Columns);

    private static Tensor Mean(Tensor loss, float[] weights)
    {
        var mask = tensor(weights, loss.shape);
        return mask.mul(loss).sum().div(mask.sum().Plus(Held.Of(Epsilon)));
    }

    private static float[] Weights(ReadOnlySpan<PairLabel> labels, PairLabel wanted)
    {
        var weights = new float[labels.Length];
        for (var i = 0; i < weights.Length; i++) weights[i] = labels[i] == wanted ? 1 : 0;
        return weights;
    }
}
