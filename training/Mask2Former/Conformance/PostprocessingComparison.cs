using System.Globalization;
using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Training.Mask2Former.Conformance;

/// <summary>Semantic maps in both ways, instances and panoptic segments, from a model's answers.</summary>
/// <param name="golden">The reference.</param>
/// <param name="scene">Which case.</param>
/// <param name="answers">One an image.</param>
/// <param name="input">Size of the model's input.</param>
/// <param name="rows">Takes the differences.</param>
internal sealed class PostprocessingComparison(
    SegmenterGolden golden, string scene, IReadOnlyList<QueryPrediction> answers, (int Width, int Height) input, ConformanceRows rows)
{
    internal void Compare()
    {
        for (var i = 0; i < answers.Count; i++)
        {
            if (golden.Has($"{scene}.post.semantic.{i}")) CompareSemantic(i);
            if (golden.Spec.TryGetProperty("thresholds", out var thresholds))
                foreach (var threshold in thresholds.EnumerateArray().Select(t => t.GetDouble())) CompareSegments(i, threshold);
            if (golden.Has($"{scene}.post.direct_cropped.{i}")) CompareCropped(i);
        }
    }

    private void CompareSemantic(int image)
    {
        var (width, height) = Size(golden.Spec.GetProperty("target_sizes")[image]);
        var (semantic, direct) = (QueryPostprocessing.Semantic(answers[image], width, height),
            QueryPostprocessing.Direct(answers[image], input, input, (width, height)));
        foreach (var (name, scores) in new[] { ("semantic", semantic), ("direct", direct) })
        {
            if (golden.Has($"{scene}.post.{name}_scores.{image}"))
                rows.Close($"{scene} {name} scores {image}", golden[$"{scene}.post.{name}_scores.{image}"], scores);
            var map = QueryPostprocessing.Decide(scores);
            rows.Labels(
                $"{scene} {name} map {image}",
                golden[$"{scene}.post.{name}.{image}"],
                [.. map.Labels.Select(label => (int)label)],
                NearTies(name, image)
            );
        }
    }

    private void CompareCropped(int image)
    {
        var odd = golden.Spec.GetProperty("odd");
        var scores = QueryPostprocessing.Direct(
            answers[image],
            input,
            Size(odd.GetProperty("valid")[image]),
            Size(odd.GetProperty("original")[image])
        );
        var allowed = golden.Json.GetProperty(scene).GetProperty($"direct_cropped_near_ties.{image}").GetInt64();
        int[] labels = [.. QueryPostprocessing.Decide(scores).Labels.Select(label => (int)label)];
        rows.Labels($"{scene} direct map without padding {image}", golden[$"{scene}.post.direct_cropped.{image}"], labels, allowed);
    }

    private void CompareSegments(int image, double threshold)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"{scene}.post.t{(int)(threshold * 100)}");
        if (!golden.Has($"{key}.instance.{image}")) return;
        var recorded = golden.Json.GetProperty("post").GetProperty($"{key}.{image}");
        var (width, height) = Size(recorded.GetProperty("target_size"));
        var title = string.Create(CultureInfo.InvariantCulture, $"at {threshold:0.##} {image}");
        var allowed = Undecided(image, width * height);

        var instances = QueryPostprocessing.Instances(answers[image], threshold, width, height);
        rows.Labels($"{scene} instances {title}", golden[$"{key}.instance.{image}"], instances.Ids, allowed);
        if (golden.Has($"{key}.instance_binary.{image}"))
            rows.Labels(
                $"{scene} instance masks {title}",
                golden[$"{key}.instance_binary.{image}"],
                [.. instances.Masks.SelectMany(mask => mask.Select(v => (int)v))],
                allowed
            );
        CompareList($"{scene} instances {title}", recorded.GetProperty("instance"), instances.Segments);

        // The reference fuses class 0 alone.
        var panoptic = QueryPostprocessing.Panoptic(answers[image], threshold, new HashSet<int> { 0 }, width, height);
        rows.Labels(
            $"{scene} panoptic {title}",
            golden[$"{key}.panoptic.{image}"],
            panoptic.Ids,
            Math.Max(allowed, NearTies("semantic", image))
        );
        CompareList($"{scene} panoptic {title}", recorded.GetProperty("panoptic"), panoptic.Segments);
    }

    private void CompareList(string title, JsonElement expected, IReadOnlyList<Segment> actual)
    {
        var pairs = expected.EnumerateArray().Zip(actual).ToArray();
        var differing = pairs.Count(p =>
            p.First.GetProperty("id").GetInt32() != p.Second.Id
            || p.First.GetProperty("label_id").GetInt32() != p.Second.Label
            || p.First.GetProperty("was_fused").GetBoolean() != p.Second.WasFused
        );
        rows.Count($"{title} segments", differing + Math.Abs(expected.GetArrayLength() - actual.Count));
        var scores = pairs.Select(p => Math.Abs(p.First.GetProperty("score").GetDouble() - p.Second.Score));
        rows.Number($"{title} segment scores", 0, scores.DefaultIfEmpty(0).Max(), ConformanceRows.ForwardTolerance);
    }

    /// <summary>Pixels whose two best classes are as good as equal.</summary>
    private long NearTies(string kind, int image) =>
        golden.Json.GetProperty("post").GetProperty($"{scene}.post.{kind}.{image}.near_ties").GetInt64();

    /// <summary>Pixels of the result that rounding may put on either side of a mask's edge.</summary>
    private long Undecided(int image, int pixels)
    {
        var masks = answers[image].Masks;
        var limit = ConformanceRows.ForwardTolerance * masks.Max(map => ConformanceRows.Largest(map.Values));
        var side = QueryPostprocessing.Side;
        var undecided = masks.Sum(map =>
            Resampling.Resize(map, side, side, ResamplingFilter.Bilinear).Values.LongCount(v => Math.Abs(v) < limit)
        );
        return undecided * ((pixels / (side * side)) + 1);
    }

    private static (int Width, int Height) Size(JsonElement pair) => (pair[1].GetInt32(), pair[0].GetInt32());
}
