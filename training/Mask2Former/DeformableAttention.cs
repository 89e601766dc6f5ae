using FreeMask.Training.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Mask2Former;

/// <summary>What a deformable attention computes.</summary>
/// <param name="Offsets">Offsets in cells [b, n, heads x levels x points x 2].</param>
/// <param name="Weights">Shares of the points [b, n, heads, levels, points].</param>
/// <param name="Output">[b, n, d].</param>
internal sealed record DeformableTrace(Tensor Offsets, Tensor Weights, Tensor Output);

/// <summary>
/// Multi-scale deformable self-attention (Zhu et al., "Deformable DETR"): each token looks at a few learned places around its own position
/// in each level. Names and arithmetic of transformers' <c>Mask2FormerPixelDecoderEncoderMultiscaleDeformableAttention</c>.
/// </summary>
internal sealed class DeformableAttention : NamedModule<Tensor, Tensor>
{
    internal const int Levels = 3, Points = 4;

    internal DeformableAttention(int channels, int heads) : base(nameof(DeformableAttention))
    {
        Heads = heads;
        Offsets = new LinearLayer(channels, heads * Levels * Points * 2);
        Weights = new LinearLayer(channels, heads * Levels * Points);
        Value = new LinearLayer(channels, channels);
        Output = new LinearLayer(channels, channels);
        register_module("sampling_offsets", Offsets);
        register_module("attention_weights", Weights);
        register_module("value_proj", Value);
        register_module("output_proj", Output);
    }

    internal int Heads { get; }

    internal LinearLayer Offsets { get; }

    internal LinearLayer Weights { get; }

    internal LinearLayer Value { get; }

    internal LinearLayer Output { get; }

    /// <summary>Attends among tokens.</summary>
    /// <param name="tokens">Values [b, n, d]: all levels' tokens, one level after the other.</param>
    /// <param name="queries">Tokens with positions added, [b, n, d].</param>
    /// <param name="reference">Centers of the tokens' cells [n, 2] as x, y in 0..1.</param>
    /// <param name="levels">Sizes of the levels.</param>
    internal Tensor Attend(Tensor tokens, Tensor queries, Tensor reference, IReadOnlyList<(long Height, long Width)> levels) =>
        Trace(tokens, queries, reference, levels).Output;

    /// <summary>As <see cref="Attend"/>, with what led to it.</summary>
    internal DeformableTrace Trace(Tensor tokens, Tensor queries, Tensor reference, IReadOnlyList<(long Height, long Width)> levels)
    {
        var (batch, count, channels) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        var value = Value.forward(tokens).view(batch, count, Heads, channels / Heads);
        var raw = Offsets.forward(queries);
        var offsets = raw.view(batch, count, Heads, Levels, Points, 2);
        var weights = Weights
            .forward(queries)
            .view(batch, count, Heads, Levels * Points)
            .softmax(-1)
            .view(batch, count, Heads, Levels, Points);
        var sizes = tensor(levels.SelectMany(l => new float[] { l.Width, l.Height }).ToArray(), [Levels, 1, 2], device: tokens.device);
        var locations = reference.view(1, count, 1, 1, 1, 2).SafeAdd(offsets / sizes);
        return new DeformableTrace(raw, weights, Output.forward(Sample(value, locations, weights, levels)));
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input) => throw new NotSupportedException("Deformable attention needs positions; call Attend.");

    /// <summary>The bare kernel: weighted bilinear samples of each head's value maps, zero outside.</summary>
    /// <param name="value">[b, n, heads, d / heads].</param>
    /// <param name="locations">[b, q, heads, levels, points, 2], x and y in 0..1 (borders of the image, not centers of its outer
    /// pixels).</param>
    /// <param name="weights">[b, q, heads, levels, points].</param>
    /// <param name="levels">Sizes of the levels.</param>
    /// <returns>[b, q, d].</returns>
    internal static Tensor Sample(Tensor value, Tensor locations, Tensor weights, IReadOnlyList<(long Height, long Width)> levels)
    {
        var (batch, heads, width) = (value.shape[0], value.shape[2], value.shape[3]);
        var queries = locations.shape[1];
        var grid = ((locations * PinnedScalar.Of(2)) - PinnedScalar.Of(1))
            .permute(3, 0, 2, 1, 4, 5)
            .reshape(levels.Count, batch * heads, queries, -1, 2);
        var share = weights.permute(3, 0, 2, 1, 4).reshape(levels.Count, batch * heads, 1, queries, -1);
        var maps = value.permute(0, 2, 3, 1).reshape(batch * heads, width, -1);
        Tensor? sum = null;
        long start = 0;
        for (var level = 0; level < levels.Count; level++)
        {
            var (h, w) = levels[level];
            var map = maps.narrow(2, start, h * w).reshape(batch * heads, width, h, w);
            var samples = functional.grid_sample(
                map,
                grid[level],
                GridSampleMode.Bilinear,
                GridSamplePaddingMode.Zeros,
                align_corners: false
            );
            var part = (samples * share[level]).sum(-1);
            sum = sum is null ? part : sum.SafeAdd(part);
            start += h * w;
        }

        return sum!.view(batch, heads * width, queries).transpose(1, 2).contiguous();
    }
}
