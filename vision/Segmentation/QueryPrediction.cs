using FreeMask.Imaging;

namespace FreeMask.Vision.Segmentation;

/// <summary>
/// What a query-based segmenter (MaskFormer, Mask2Former) says about one image: each query has a class and a mask.
/// </summary>
internal sealed class QueryPrediction
{
    private readonly float[] _probabilities;

    /// <summary>Wraps a model's answer.</summary>
    /// <param name="classLogits">[queries, classes + 1], row-major; the last class means "no object".</param>
    /// <param name="masks">A map of mask logits for each query, all of one size.</param>
    /// <exception cref="ArgumentException">There are no masks, or the class logits do not divide among them.</exception>
    public QueryPrediction(ReadOnlySpan<float> classLogits, IReadOnlyList<FloatMap> masks)
    {
        ArgumentNullException.ThrowIfNull(masks);
        if (masks.Count == 0 || classLogits.Length % masks.Count != 0 || classLogits.Length / masks.Count < 2)
            throw new ArgumentException($"{classLogits.Length} class logits do not belong to {masks.Count} masks.", nameof(classLogits));
        Masks = masks;
        Classes = (classLogits.Length / masks.Count) - 1;
        _probabilities = new float[classLogits.Length];
        for (var query = 0; query < masks.Count; query++)
            Softmax(classLogits.Slice(query * (Classes + 1), Classes + 1), _probabilities.AsSpan(query * (Classes + 1), Classes + 1));
    }

    /// <summary>Mask logits, one map a query.</summary>
    public IReadOnlyList<FloatMap> Masks { get; }

    /// <summary>Number of queries.</summary>
    public int Queries => Masks.Count;

    /// <summary>Number of real classes.</summary>
    public int Classes { get; }

    /// <summary>The probabilities of a query's classes; the last one means "no object".</summary>
    public ReadOnlySpan<float> Probabilities(int query) => _probabilities.AsSpan(query * (Classes + 1), Classes + 1);

    /// <summary>Splits a model's batched answer.</summary>
    /// <param name="classLogits">[n, queries, classes + 1].</param>
    /// <param name="maskLogits">[n, queries, height, width].</param>
    /// <param name="queries">Number of queries.</param>
    /// <param name="width">Width of a mask.</param>
    /// <param name="height">Height of a mask.</param>
    public static IReadOnlyList<QueryPrediction> FromBatch(
        ReadOnlySpan<float> classLogits,
        ReadOnlySpan<float> maskLogits,
        int queries,
        int width,
        int height
    )
    {
        var (area, images) = (width * height, maskLogits.Length / (queries * width * height));
        var result = new QueryPrediction[images];
        for (var i = 0; i < images; i++)
        {
            var masks = new FloatMap[queries];
            for (var q = 0; q < queries; q++)
                masks[q] = new FloatMap(width, height, maskLogits.Slice(((i * queries) + q) * area, area).ToArray());
            var logits = classLogits.Length / images;
            result[i] = new QueryPrediction(classLogits.Slice(i * logits, logits), masks);
        }

        return result;
    }

    /// <summary>
    /// Scores of every class at every pixel: masks are resized, then each query votes for its classes with its mask's probability
    /// (Mask2Former, <c>semantic_inference</c>). They need not add up to 1.
    /// </summary>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <returns>One map a class.</returns>
    public IReadOnlyList<FloatMap> SemanticScores(int width, int height)
    {
        FloatMap[] scores = [.. Enumerable.Range(0, Classes).Select(_ => new FloatMap(width, height))];
        for (var query = 0; query < Queries; query++)
        {
            var inside = MaskProbabilities(query, width, height).Values;
            var votes = Probabilities(query);
            for (var c = 0; c < Classes; c++)
            {
                var (target, vote) = (scores[c].Values, votes[c]);
                for (var i = 0; i < target.Length; i++) target[i] += vote * inside[i];
            }
        }

        return scores;
    }

    /// <summary>A mask's probabilities at another size.</summary>
    internal FloatMap MaskProbabilities(int query, int width, int height)
    {
        var map = Resampling.Resize(Masks[query], width, height, ResamplingFilter.Bilinear);
        foreach (ref var value in map.Values.AsSpan()) value = Sigmoid(value);
        return map;
    }

    internal static float Sigmoid(float value) => 1 / (1 + MathF.Exp(-value));

    private static void Softmax(ReadOnlySpan<float> logits, Span<float> target)
    {
        var most = float.NegativeInfinity;
        foreach (var logit in logits) most = Math.Max(most, logit);
        var sum = 0f;
        for (var i = 0; i < logits.Length; i++) sum += target[i] = MathF.Exp(logits[i] - most);
        foreach (ref var value in target) value /= sum;
    }
}
