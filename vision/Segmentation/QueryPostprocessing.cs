using FreeMask.Imaging;

namespace FreeMask.Vision.Segmentation;

/// <summary>A segment of an image.</summary>
/// <param name="Id">Its value in the map of segments.</param>
/// <param name="Label">Its class.</param>
/// <param name="WasFused">Whether all objects of its class count as one.</param>
/// <param name="Score">How sure the model is, rounded to six digits.</param>
internal sealed record Segment(int Id, int Label, bool WasFused, double Score);

/// <summary>An image divided into segments.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Ids">The segment of each pixel, row-major.</param>
/// <param name="Segments">The segments, in the order in which they were painted.</param>
/// <param name="Masks">Where asked for, each segment's own pixels (they may overlap), 1 inside and 0 outside.</param>
internal sealed record SegmentedImage(int Width, int Height, int[] Ids, IReadOnlyList<Segment> Segments, IReadOnlyList<byte[]> Masks);

/// <summary>
/// Turns the answer of a query-based segmenter into maps and segments, as transformers' <c>Mask2FormerImageProcessor</c> does: masks are
/// brought to 384 x 384 first, whatever the image's size. For semantic maps of full precision see <see cref="Direct"/>.
/// </summary>
internal static class QueryPostprocessing
{
    /// <summary>The side to which the reference brings all masks.</summary>
    public const int Side = 384;

    // The reference's defaults: a pixel belongs to a mask from this probability on, and a segment must keep more than this share of its
    // mask.
    private const float MaskThreshold = 0.5f, KeptShare = 0.8f;

    /// <summary>Class scores at the target size, by way of 384 x 384 (<c>post_process_semantic_segmentation</c>).</summary>
    public static IReadOnlyList<FloatMap> Semantic(QueryPrediction prediction, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        return Resize(prediction.SemanticScores(Side, Side), width, height);
    }

    /// <summary>Class scores as the paper's code makes them: at the model's input size, without its padding, then at the target
    /// size.</summary>
    /// <param name="prediction">The answer.</param>
    /// <param name="input">Size of the model's input.</param>
    /// <param name="valid">The part of it, from the upper left corner, that is image and not padding.</param>
    /// <param name="target">Size of the result.</param>
    public static IReadOnlyList<FloatMap> Direct(
        QueryPrediction prediction, (int Width, int Height) input, (int Width, int Height) valid, (int Width, int Height) target)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        var scores = prediction.SemanticScores(input.Width, input.Height);
        return Resize(
            valid == input ? scores : [.. scores.Select(map => Crop(map, valid.Width, valid.Height))],
            target.Width,
            target.Height
        );
    }

    /// <summary>The best class of each pixel; of equal scores the first class wins.</summary>
    public static LabelMap Decide(IReadOnlyList<FloatMap> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        var labels = new LabelMap(scores[0].Width, scores[0].Height);
        for (var i = 0; i < labels.Labels.Length; i++)
        {
            var best = 0;
            for (var c = 1; c < scores.Count; c++)
                if (scores[c].Values[i] > scores[best].Values[i]) best = c;
            labels.Labels[i] = (byte)best;
        }

        return labels;
    }

    /// <summary>Objects (<c>post_process_instance_segmentation</c>): the best pairs of query and class; ids from 0, -1 where there is no
    /// object.</summary>
    /// <param name="prediction">The answer.</param>
    /// <param name="threshold">The lowest score of an object.</param>
    /// <param name="width">Width of the result.</param>
    /// <param name="height">Height of the result.</param>
    public static SegmentedImage Instances(QueryPrediction prediction, double threshold, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        var scores = new float[prediction.Queries * prediction.Classes];
        for (var q = 0; q < prediction.Queries; q++)
            prediction.Probabilities(q)[..prediction.Classes].CopyTo(scores.AsSpan(q * prediction.Classes));
        var ids = new int[width * height];
        Array.Fill(ids, -1);
        var (segments, masks) = (new List<Segment>(), new List<byte[]>());
        foreach (var index in TopK.Of(scores, prediction.Queries))
        {
            var map = Resampling.Resize(prediction.Masks[index / prediction.Classes], Side, Side, ResamplingFilter.Bilinear);
            var score = scores[index] * MeanInside(map);
            var mask = Nearest(map, width, height);
            if (score < threshold || !mask.Contains((byte)1)) continue;
            for (var i = 0; i < mask.Length; i++)
                if (mask[i] == 1) ids[i] = segments.Count;
            segments.Add(new Segment(segments.Count, index % prediction.Classes, false, Round(score)));
            masks.Add(mask);
        }

        return new SegmentedImage(width, height, ids, segments, masks);
    }

    /// <summary>
    /// Non-overlapping segments (<c>post_process_panoptic_segmentation</c>): ids from 1, 0 where no segment is sure enough, -1 everywhere
    /// if there is none at all.
    /// </summary>
    /// <param name="prediction">The answer.</param>
    /// <param name="threshold">A query counts above this probability of its class.</param>
    /// <param name="fused">Classes whose objects count as one.</param>
    /// <param name="width">Width of the result.</param>
    /// <param name="height">Height of the result.</param>
    public static SegmentedImage Panoptic(QueryPrediction prediction, double threshold, IReadOnlySet<int> fused, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(fused);
        var ids = new int[width * height];
        var kept = Enumerable.Range(0, prediction.Queries).Select(q => Best(prediction, q))
            .Where(q => q.Label != prediction.Classes && q.Score > threshold).ToArray();
        if (kept.Length == 0)
        {
            Array.Fill(ids, -1);
            return new SegmentedImage(width, height, ids, [], []);
        }

        var maps = Array.ConvertAll(kept, q => Weighted(prediction, q.Query, q.Score, width, height));
        var owners = new int[ids.Length];
        for (var i = 0; i < owners.Length; i++)
            for (var k = 1; k < maps.Length; k++)
                if (maps[k][i] > maps[owners[i]][i]) owners[i] = k;
        var segments = new List<Segment>();
        var idOf = new Dictionary<int, int>();
        var current = 0;
        for (var k = 0; k < kept.Length; k++)
        {
            var (area, original) = (owners.Count(owner => owner == k), maps[k].Count(p => p >= MaskThreshold));
            if (area == 0 || original == 0 || !((float)area / original > KeptShare)) continue;

            // As the reference: after a fused segment, numbering goes on from that segment's id.
            current = idOf.TryGetValue(kept[k].Label, out var earlier) ? earlier : current + 1;
            for (var i = 0; i < ids.Length; i++)
                if (owners[i] == k) ids[i] = current;
            var isFused = fused.Contains(kept[k].Label);
            segments.Add(new Segment(current, kept[k].Label, isFused, Round(kept[k].Score)));
            if (isFused) idOf[kept[k].Label] = current;
        }

        return new SegmentedImage(width, height, ids, segments, []);
    }

    private static (int Query, int Label, float Score) Best(QueryPrediction prediction, int query)
    {
        var probabilities = prediction.Probabilities(query);
        var best = 0;
        for (var c = 1; c < probabilities.Length; c++)
            if (probabilities[c] > probabilities[best]) best = c;
        return (query, best, probabilities[best]);
    }

    private static float[] Weighted(QueryPrediction prediction, int query, float score, int width, int height)
    {
        var map = Resampling.Resize(prediction.MaskProbabilities(query, Side, Side), width, height, ResamplingFilter.Bilinear);
        return Array.ConvertAll(map.Values, p => p * score);
    }

    /// <summary>Mean probability of the pixels above one half.</summary>
    private static float MeanInside(FloatMap logits)
    {
        var (sum, count) = (0.0, 0);
        foreach (var logit in logits.Values)
        {
            if (logit <= 0) continue;
            sum += QueryPrediction.Sigmoid(logit);
            count++;
        }

        return (float)(sum / (count + 1e-6));
    }

    /// <summary>1 where the logit is positive, at another size; torch's "nearest": floor(i scale) in single precision.</summary>
    private static byte[] Nearest(FloatMap logits, int width, int height)
    {
        var (alongX, alongY) = ((float)logits.Width / width, (float)logits.Height / height);
        var mask = new byte[width * height];
        for (var y = 0; y < height; y++)
        {
            var row = Math.Min((int)MathF.Floor(y * alongY), logits.Height - 1);
            for (var x = 0; x < width; x++)
                mask[(y * width) + x] = logits[Math.Min((int)MathF.Floor(x * alongX), logits.Width - 1), row] > 0 ? (byte)1 : (byte)0;
        }

        return mask;
    }

    private static IReadOnlyList<FloatMap> Resize(IReadOnlyList<FloatMap> maps, int width, int height) =>
        [.. maps.Select(map => Resampling.Resize(map, width, height, ResamplingFilter.Bilinear))];

    private static FloatMap Crop(FloatMap map, int width, int height)
    {
        var part = new FloatMap(width, height);
        for (var y = 0; y < height; y++) map.Values.AsSpan(y * map.Width, width).CopyTo(part.Values.AsSpan(y * width, width));
        return part;
    }

    private static double Round(float score) => Math.Round((double)score, 6);
}
