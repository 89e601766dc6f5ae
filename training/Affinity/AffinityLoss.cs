using System.Numerics;
using System.Runtime.InteropServices;
using FreeMask.Vision.Affinity;

namespace FreeMask.Training.Affinity;

/// <summary>The three parts of the loss, and the gradient of what is minimised.</summary>
/// <param name="Background">Mean over pairs of background of -log(a + 1e-5).</param>
/// <param name="Foreground">The same over pairs of one class.</param>
/// <param name="Different">Mean over pairs that differ of -log(1 + 1e-5 - a).</param>
/// <param name="Gradients">The derivative of <see cref="Total"/> by each image's embedding.</param>
internal sealed record AffinityLossResult(double Background, double Foreground, double Different, IReadOnlyList<FeatureMap> Gradients)
{
    /// <summary>Background / 4 + foreground / 4 + different / 2.</summary>
    internal double Total => (Background / 4) + (Foreground / 4) + (Different / 2);
}

/// <summary>
/// The loss of AffinityNet (Ahn and Kwak, CVPR 2018; jiwoon-ahn/psa, train_aff.py) on the affinities a = exp(-mean over channels of |e_i -
/// e_j|). Forward and backward are written out: as operations of the tensor library the differences of all pairs, 34 times the embedding,
/// would be stored again and again.
/// </summary>
internal static class AffinityLoss
{
    private const double Epsilon = 1e-5;

    /// <summary>Computes loss and gradient of a batch; each part is the mean over its own pairs of all images, 0 where there are
    /// none.</summary>
    /// <param name="embeddings">One an image.</param>
    /// <param name="pairs">The pairs of their grid.</param>
    /// <param name="labels">What is known of each image's pairs.</param>
    internal static AffinityLossResult Compute(IReadOnlyList<FeatureMap> embeddings, AffinityPairs pairs, IReadOnlyList<PairLabel[]> labels)
    {
        var counts = new double[4];
        foreach (var image in labels)
            foreach (var label in image) counts[(int)label]++;
        // What a pair adds to the mean of its part.
        var shares = Array.ConvertAll(counts, count => 1 / (count + Epsilon));
        var sums = new double[embeddings.Count][];
        var gradients = new FeatureMap[embeddings.Count];
        Parallel.For(0, embeddings.Count, n =>
        {
            var affinities = pairs.Affinities(embeddings[n]);
            sums[n] = Losses(affinities, labels[n]);
            gradients[n] = Backward(embeddings[n], pairs, DistanceGradients(affinities, labels[n], shares, embeddings[n].Channels));
        });
        double Part(PairLabel label) => sums.Sum(s => s[(int)label]) * shares[(int)label];
        return new AffinityLossResult(Part(PairLabel.Background), Part(PairLabel.Foreground), Part(PairLabel.Different), gradients);
    }

    private static double[] Losses(float[] affinities, PairLabel[] labels)
    {
        var sums = new double[4];
        for (var i = 0; i < affinities.Length; i++)
            if (labels[i] != PairLabel.None)
                sums[(int)labels[i]] -= Math.Log(labels[i] == PairLabel.Different ? 1 + Epsilon - affinities[i] : affinities[i] + Epsilon);
        return sums;
    }

    // The derivative of the total by |e_i - e_j| of one channel, which is that by their mean over the number of channels; a falls as the
    // distance grows.
    private static float[] DistanceGradients(float[] affinities, PairLabel[] labels, double[] shares, int channels)
    {
        var result = new float[affinities.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var (a, share) = (affinities[i], shares[(int)labels[i]] / channels);
            result[i] = labels[i] switch
            {
                PairLabel.None => 0,
                PairLabel.Different => (float)(-a * share / 2 / (1 + Epsilon - a)),
                _ => (float)(a * share / 4 / (a + Epsilon)),
            };
        }

        return result;
    }

    private static FeatureMap Backward(FeatureMap embedding, AffinityPairs pairs, float[] distances)
    {
        var result = new FeatureMap(embedding.Channels, embedding.Width, embedding.Height, new float[embedding.Values.Length]);
        var at = 0;
        foreach (var shift in pairs.Shifts)
            for (var row = 0; row < shift.Rows; row++, at += shift.Columns)
            {
                var first = ((shift.Top + row) * embedding.Width) + shift.Left;
                var second = first + (shift.Dy * embedding.Width) + shift.Dx;
                var slopes = distances.AsSpan(at, shift.Columns);
                for (var c = 0; c < embedding.Channels; c++)
                {
                    var (start, columns) = (c * embedding.Cells, shift.Columns);
                    Spread(
                        embedding.Values.AsSpan(start + first, columns), embedding.Values.AsSpan(start + second, columns), slopes,
                        result.Values.AsSpan(start + first, columns), result.Values.AsSpan(start + second, columns));
                }
            }

        return result;
    }

    // Adds slope sign(a - b) to the first ends and takes it from the second. Both may overlap: they are read anew between the two.
    private static void Spread(
        ReadOnlySpan<float> a,
        ReadOnlySpan<float> b,
        ReadOnlySpan<float> slopes,
        Span<float> first,
        Span<float> second
    )
    {
        Span<float> signed = stackalloc float[slopes.Length];
        var (i, results) = (0, MemoryMarshal.Cast<float, Vector<float>>(signed).Length);
        for (; i < results; i++)
        {
            var at = i * Vector<float>.Count;
            var difference = new Vector<float>(a[at..]) - new Vector<float>(b[at..]);
            var slope = new Vector<float>(slopes[at..]);
            var value = Vector.ConditionalSelect(
                Vector.GreaterThan(difference, Vector<float>.Zero),
                slope,
                Vector.ConditionalSelect(Vector.LessThan(difference, Vector<float>.Zero), -slope, Vector<float>.Zero)
            );
            value.CopyTo(signed[at..]);
        }

        for (var k = i * Vector<float>.Count; k < slopes.Length; k++) signed[k] = slopes[k] * MathF.Sign(a[k] - b[k]);
        Add(first, signed, 1);
        Add(second, signed, -1);
    }

    private static void Add(Span<float> sum, ReadOnlySpan<float> values, float factor)
    {
        var sums = MemoryMarshal.Cast<float, Vector<float>>(sum);
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        for (var i = 0; i < sums.Length; i++) sums[i] += vectors[i] * factor;
        for (var i = sums.Length * Vector<float>.Count; i < sum.Length; i++) sum[i] += values[i] * factor;
    }
}
