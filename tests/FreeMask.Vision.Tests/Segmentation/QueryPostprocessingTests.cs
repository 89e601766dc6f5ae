using CsCheck;
using FreeMask.Imaging;
using FreeMask.Vision.Segmentation;
using Xunit;

namespace FreeMask.Vision.Tests.Segmentation;

public sealed class QueryPostprocessingTests
{
    // Two queries on a map of 8 x 4: the first one is class 0 on the left half, the second class 1 on the right half.
    private static QueryPrediction Halves(float certainty = 6) => new(
        [certainty, 0, 0, 0, certainty, 0],
        [Mask((x, _) => x < 4 ? 20 : -20), Mask((x, _) => x < 4 ? -20 : 20)]);

    [Fact]
    public void Each_half_has_its_class()
    {
        var direct = QueryPostprocessing.Decide(QueryPostprocessing.Direct(Halves(), (32, 16), (32, 16), (32, 16)));
        var semantic = QueryPostprocessing.Decide(QueryPostprocessing.Semantic(Halves(), 32, 16));
        for (var x = 0; x < 32; x++)
        {
            Assert.Equal(x < 16 ? 0 : 1, direct[x, 7]);
            Assert.Equal(x < 16 ? 0 : 1, semantic[x, 7]);
        }
    }

    [Fact]
    public void Padding_is_cut_off_before_the_last_resize()
    {
        var scores = QueryPostprocessing.Direct(Halves(), (32, 16), (16, 16), (40, 20));
        Assert.Equal((40, 20), (scores[0].Width, scores[0].Height));
        Assert.All(QueryPostprocessing.Decide(scores).Labels, label => Assert.Equal(0, label));
    }

    [Fact]
    public void Instances_have_ids_from_zero_and_their_own_masks()
    {
        var found = QueryPostprocessing.Instances(Halves(), 0.5, 32, 16);
        Assert.Equal([0, 1], found.Segments.Select(s => s.Label).Order());
        Assert.Equal([0, 1], found.Segments.Select(s => s.Id));
        Assert.All(found.Masks, mask => Assert.Equal(16 * 16, mask.Count(v => v == 1)));
        Assert.Empty(QueryPostprocessing.Instances(Halves(certainty: 0), 0.5, 32, 16).Segments);
    }

    [Fact]
    public void Panoptic_fuses_what_it_is_told_to_and_nothing_else()
    {
        // Both queries are of class 0.
        var same = new QueryPrediction([6, 0, 6, 0], [Mask((x, _) => x < 4 ? 20 : -20), Mask((x, _) => x < 4 ? -20 : 20)]);
        var apart = QueryPostprocessing.Panoptic(same, 0.5, new HashSet<int>(), 32, 16);
        Assert.Equal([1, 2], apart.Segments.Select(s => s.Id));
        var fused = QueryPostprocessing.Panoptic(same, 0.5, new HashSet<int> { 0 }, 32, 16);
        Assert.All(fused.Segments, s => Assert.True(s is { Id: 1, WasFused: true }));
        Assert.All(fused.Ids, id => Assert.Equal(1, id));
        Assert.All(QueryPostprocessing.Panoptic(same, 0.9999, new HashSet<int>(), 32, 16).Ids, id => Assert.Equal(-1, id));
    }

    [Fact]
    public void Logits_that_do_not_divide_among_the_masks_are_refused() =>
        Assert.Throws<ArgumentException>(() => new QueryPrediction([1, 2, 3], [Mask((_, _) => 0), Mask((_, _) => 0)]));

    [Fact]
    public void The_top_are_the_largest_in_whatever_order() =>
        Gen.Select(Gen.Float[0, 1].Array[1, 300], Gen.Int[1, 40]).Sample((values, count) =>
        {
            var top = TopK.Of(values, count);
            var expected = Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(count).Select(i => values[i]);
            Assert.Equal(expected, top.Select(i => values[i]).OrderDescending());
            Assert.Equal(top.Length, top.Distinct().Count());
        });

    private static FloatMap Mask(Func<int, int, float> value)
    {
        var map = new FloatMap(8, 4);
        for (var y = 0; y < 4; y++)
            for (var x = 0; x < 8; x++) map[x, y] = value(x, y);
        return map;
    }
}
