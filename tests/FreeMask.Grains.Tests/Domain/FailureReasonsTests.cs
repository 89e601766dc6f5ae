using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Domain;

/// <summary>Messages that differ for every sample do not make records grow.</summary>
public sealed class FailureReasonsTests
{
    [Fact]
    public void A_shard_counts_every_failure_under_a_bounded_number_of_reasons()
    {
        var ledger = new ShardLedger(StageTable.Default, 0, 1000);
        for (var i = 0; i < 1000; i++)
            ledger.CountFault(
                new SampleProgress(i, SampleState.Planned, 0, 1, -1, i < 300 ? "out of memory" : $"sample {i} {new string('x', 5000)}")
            );
        var failures = ledger.Failures();
        Assert.Equal(FailureReasons.MaxOfShard + 1, failures.Length);
        Assert.Equal(1000, failures.Sum(f => f.Count));
        Assert.Contains(new FailureGroup("out of memory", 300, 0), failures);
        Assert.All(failures, f => Assert.InRange(f.Reason.Length, 1, FailureReasons.MaxLength));
        Assert.Equal(failures, new ShardLedger(StageTable.Default, 0, ledger.ToRecord()).Failures());
    }

    [Fact]
    public void A_round_keeps_the_most_frequent_reasons_and_counts_the_rest_together()
    {
        var groups = Enumerable
            .Range(1, 30)
            .Select(i => new FailureGroup($"reason {i}", i, i))
            .Append(new FailureGroup(FailureReasons.Others, 100, 7))
            .ToList();
        var ranked = FailureReasons.Rank(groups);
        Assert.Equal(FailureReasons.MaxOfRound, ranked.Length);
        Assert.Equal(groups.Sum(g => g.Count), ranked.Sum(g => g.Count));
        Assert.Equal(("reason 30", FailureReasons.Others), (ranked[0].Reason, ranked[^1].Reason));
        Assert.Equal(ranked, FailureReasons.Rank(ranked));
        Assert.Equal(["b", "a", "c"], FailureReasons.Rank([new("a", 1, 0), new("c", 1, 0), new("b", 2, 0)]).Select(g => g.Reason));
    }
}
