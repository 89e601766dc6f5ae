using CsCheck;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
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
        var spec = Specs.Small with { KeepRatio = percent / 100.0 };
        var decision = Selection.Decide(spec, 0, scores);
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
        Assert.Equal(decision.KeptIdsHash, Selection.Decide(spec, 0, scores).KeptIdsHash);
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
        Assert.Equal(expected, Selection.CountKept(ratio, count));

    [Fact]
    public void The_hash_names_the_kept_indices()
    {
        var spec = Specs.Small with { Classes = ["cat"], KeepRatio = 0.5 };
        var decision = Selection.Decide(spec, 0, [5, 9, 9, 1]);
        Assert.Equal([new SelectionThreshold("cat", 4, 2, 0.000009, 2)], decision.Thresholds);
        // printf '1\n2\n' | sha256sum
        Assert.Equal("a6e2b7a040683432de03a18fd8a1939a2fdf82585b364bfc874bdd4095c4cae1", decision.KeptIdsHash);
    }
}
