using CsCheck;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Grains.Tests.Domain;

public sealed class SelectionTests
{
    // Few distinct scores, so that ties are common.
    private static readonly Gen<int[]> Scores = Gen.Frequency(
        (1, Gen.Const(-1)),
        (5, Gen.Int[0, 5].Select(s => s * 100_000)),
        (2, Gen.Int[0, 1_000_000])
    ).Array[1, 120];

    [Fact]
    public void Each_class_keeps_its_share_at_its_threshold() => Gen.Select(Scores, Gen.Int[1, 100]).Sample((scores, percent) =>
    {
        var spec = ByClass(Specs.Small with { KeepRatio = percent / 100.0 });
        var objects = Single(scores);
        var decision = Selection.Decide(spec, 0, scores, objects);
        var kept = 0;
        for (var c = 0; c < spec.Classes.Length; c++)
        {
            var members = Enumerable.Range(0, scores.Length).Where(i => i % spec.Classes.Length == c && scores[i] >= 0).ToList();
            var threshold = decision.Thresholds.SingleOrDefault(k => k.Class == spec.Classes[c]);
            if (members.Count == 0)
            {
                Assert.Null(threshold);
                continue;
            }

            var expected = members
                            .OrderByDescending(i => scores[i])
                            .ThenBy(i => i)
                            .Take(((percent * members.Count) + 99) / 100)
                            .Order()
                            .ToList();
            Assert.Equal(expected, members.Where(i => Selection.IsKept(threshold!, scores[i], i)));
            Assert.Equal((members.Count, expected.Count), (threshold!.Scored, threshold.Kept));
            kept += expected.Count;
        }

        Assert.Equal(kept, decision.Kept);
        Assert.Equal(decision.KeptIdsHash, Selection.Decide(spec, 0, scores, objects).KeptIdsHash);
    });

    [Theory]
    [InlineData(0.7, 10, 7)]
    [InlineData(0.7, 1, 1)]
    [InlineData(0.7, 3, 3)]
    [InlineData(0.7, 4, 3)]
    [InlineData(0.7, 100_000, 70_000)]
    [InlineData(0.001, 5, 1)]
    [InlineData(1, 5, 5)]
    public void Kept_is_the_ceiling_of_the_share(double ratio, int count, int expected) =>
        Assert.Equal(expected, KeepRatio.Count(ratio, count));

    [Fact]
    public void The_hash_names_the_kept_indices()
    {
        var spec = Specs.Small with { Classes = ["cat"], KeepRatio = 0.5 };
        var decision = Selection.Decide(spec, 0, [5, 9, 9, 1], [1, 1, 1, 1]);
        Assert.Equal([new SelectionThreshold("cat", 4, 2, 0.000009, 2)], decision.Thresholds);
        // printf '1\n2\n' | sha256sum
        Assert.Equal("a6e2b7a040683432de03a18fd8a1939a2fdf82585b364bfc874bdd4095c4cae1", decision.KeptIdsHash);
    }

    /// <summary>Samples with several objects have lower scores here; their share stays.</summary>
    [Fact]
    public void Each_number_of_objects_keeps_its_share()
    {
        var spec = Specs.Small with { Classes = ["cat"], KeepRatio = 0.7 };
        byte[] objects = [.. Enumerable.Repeat((byte)1, 10), .. Enumerable.Repeat((byte)2, 10), .. Enumerable.Repeat((byte)5, 10)];
        int[] scores = [.. objects.Select((n, i) => 900_000 - (200_000 * Math.Min((int)n, 3)) - i)];
        var decision = Selection.Decide(spec, 0, scores, objects);
        Assert.Equal([(1, (int?)1), (2, 2), (3, null)], decision.Thresholds.Select(t => (t.LeastObjects, t.MostObjects)));
        Assert.All(decision.Thresholds, threshold => Assert.Equal((10, 7), (threshold.Scored, threshold.Kept)));
        Assert.Equal([new ObjectShare(1, 10, 7), new ObjectShare(2, 10, 7), new ObjectShare(3, 10, 7)], decision.Objects);

        var together = Selection.Decide(ByClass(spec), 0, scores, objects);
        Assert.Equal([new ObjectShare(1, 10, 10), new ObjectShare(2, 10, 10), new ObjectShare(3, 10, 1)], together.Objects);
    }

    [Fact]
    public void A_stratum_too_small_to_drop_anything_joins_the_next()
    {
        var spec = Specs.Small with { Classes = ["cat"], KeepRatio = 0.7 };
        // Three with one object, two with two, four with three.
        byte[] objects = [1, 1, 1, 2, 2, 3, 3, 3, 3];
        var decision = Selection.Decide(spec, 0, [9, 8, 7, 6, 5, 4, 3, 2, 1], objects);
        Assert.Equal([(1, 5, 4), (3, 4, 3)], decision.Thresholds.Select(t => (t.LeastObjects, t.Scored, t.Kept)));
        var few = Selection.Decide(spec, 0, [9, 8, 7, 6], [1, 1, 2, 3]);
        Assert.Equal([(0, 4, 3)], few.Thresholds.Select(t => (t.LeastObjects, t.Scored, t.Kept)));
    }

    /// <summary>Every scored sample has one threshold, and the thresholds keep as many as the decision says.</summary>
    [Fact]
    public void The_thresholds_divide_the_samples() => Gen.Select(Scores, Gen.Byte[1, 6].Array[120], Gen.Int[1, 100]).Sample(
        (scores, counts, percent) =>
        {
            var spec = Specs.Small with { KeepRatio = percent / 100.0 };
            var objects = counts[..scores.Length];
            var decision = Selection.Decide(spec, 0, scores, objects);
            var kept = Enumerable.Range(0, scores.Length).Where(i => scores[i] >= 0).Count(i =>
            {
                var threshold = decision.Thresholds.Single(t => t.IsFor(SamplePlanner.ClassOf(spec, 0, i), objects[i]));
                return Selection.IsKept(threshold, scores[i], i);
            });
            Assert.Equal(decision.Kept, kept);
            Assert.Equal(decision.Kept, decision.Objects.Sum(o => o.Kept));
            Assert.Equal(scores.Count(s => s >= 0), decision.Objects.Sum(o => o.Scored));
        }
    );

    private static RunSpec ByClass(RunSpec spec) => spec with { Scoring = spec.Scoring with { Strata = SelectionStrata.Class } };

    private static byte[] Single(int[] scores) => [.. Enumerable.Repeat((byte)1, scores.Length)];
}
