using CsCheck;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Domain;

public sealed class ShardLedgerTests
{
    private const int First = 100, Count = 6;

    private static readonly TimeSpan Now = TimeSpan.FromMinutes(5);

    private static readonly Gen<SampleProgress> AnyProgress = Gen.Select(
        Gen.Int[First, First + Count - 1], Gen.Enum<SampleState>(), Gen.Int[0, 3], Gen.Int[0, 1_000_000],
        (index, state, attempt, score) =>
            new SampleProgress(index, state, attempt, 0, Has(state, SampleState.Scored) ? score : -1, "reason"));

    private static bool Has(SampleState state, SampleState target) => StageTable.Default.HasReached(state, target);

    [Fact]
    public void Reports_in_any_order_and_number_lead_to_the_newest_state() => AnyProgress.Array[0, 40].Sample(news =>
    {
        var ledger = new ShardLedger(StageTable.Default, First, Count);
        foreach (var progress in news)
        {
            ledger.Apply(progress);
            ledger.Apply(progress);
        }

        foreach (var index in Enumerable.Range(First, Count))
        {
            var newest = news.Where(n => n.Index == index).MaxBy(n => (n.Attempt, StageTable.Default.RankOf(n.State)));
            Assert.Equal(newest?.State ?? SampleState.Planned, ledger.StateOf(index));
        }

        var counts = ledger.Counts();
        Assert.True(
                    counts.Planned >= counts.Generated && counts.Generated >= counts.Masked && counts.Scored >= counts.Kept + counts.Dropped
                );
        Assert.Equal(Count, ledger.Settled(SampleState.Planned));
        Assert.Equal(
                    Enumerable.Range(First, Count).Count(i => Has(ledger.StateOf(i), SampleState.Masked)),
                    ledger.Settled(SampleState.Masked)
                );

        var restored = new ShardLedger(StageTable.Default, First, ledger.ToRecord());
        Assert.Equal(counts, restored.Counts());
        Assert.Equal(ledger.Scores, restored.Scores);
        Assert.Equal(ledger.Failures(), restored.Failures());
    });

    [Fact]
    public void Work_is_picked_once_furthest_first_and_never_beyond_the_target()
    {
        var ledger = new ShardLedger(StageTable.Default, First, Count);
        ledger.Apply(new SampleProgress(First + 4, SampleState.Generated, 1, 0, -1, null));
        ledger.Apply(new SampleProgress(First + 5, SampleState.Masked, 0, 0, -1, null));
        ledger.Apply(new SampleProgress(First + 3, SampleState.Quarantined, 0, 0, -1, "bad"));

        var picked = ledger.Pick(SampleState.Masked, 3);
        Assert.Equal(
            [
                (Stage.Mask, new WorkItem(First + 4, 1)),
                (Stage.Generate, new WorkItem(First, 0)),
                (Stage.Generate, new WorkItem(First + 1, 0)),
            ],
            picked
        );
        foreach (var (_, item) in picked) ledger.Grant(item.Index, new Lease("a", item.Attempt, Now));
        Assert.Equal([(Stage.Generate, new WorkItem(First + 2, 0))], ledger.Pick(SampleState.Masked, 10));
        Assert.Equal(3, ledger.LoadOf("a"));
    }

    [Fact]
    public void Held_samples_wait_while_the_others_go_on()
    {
        var ledger = new ShardLedger(StageTable.Default, First, Count);
        for (var i = 0; i < Count; i++) ledger.Apply(new SampleProgress(First + i, SampleState.Masked, 0, 0, -1, null));
        var target = new ShardTarget(SampleState.Scored, SampleState.Masked, (index, _) => index % 2 == 0);
        Assert.Equal([First + 1, First + 3, First + 5], ledger.Pick(target, Count).Select(p => p.Item.Index));
        Assert.Equal([First + 1, First + 3, First + 5], ledger.Below(target));
        Assert.Equal(3, ledger.Settled(target));

        foreach (var index in new[] { First + 1, First + 3 }) ledger.Apply(new SampleProgress(index, SampleState.Scored, 0, 0, 5, null));
        Assert.Equal(5, ledger.Settled(target));
        ledger.Apply(new SampleProgress(First + 5, SampleState.Quarantined, 0, 0, -1, "bad"));
        Assert.Equal(Count, ledger.Settled(target));
        Assert.Equal(3, ledger.Settled(SampleState.Scored));
    }

    [Fact]
    public void An_attempt_decides_whether_a_sample_is_held()
    {
        var ledger = new ShardLedger(StageTable.Default, First, Count);
        ledger.Apply(new SampleProgress(First, SampleState.Masked, 1, 0, -1, null));
        ledger.Apply(new SampleProgress(First + 1, SampleState.Masked, 0, 0, -1, null));
        var target = new ShardTarget(SampleState.Composed, SampleState.Masked, (_, attempt) => attempt == 1);
        Assert.Equal((Stage.Compose, new WorkItem(First + 1, 0)), ledger.Pick(target, 1).Single());
    }

    [Fact]
    public void Second_uses_wait_planned_and_are_never_generated()
    {
        var ledger = new ShardLedger(StageTable.Default, First, Count);
        var held = new ShardTarget(SampleState.Masked) { FirstSecondUse = First + 4, HoldsSecondUses = true };
        Assert.Equal([First, First + 1, First + 2, First + 3], ledger.Pick(held, Count).Select(p => p.Item.Index));
        Assert.Equal(2, ledger.Settled(held));
        Assert.Empty(ledger.WithoutDrawing(held));
        for (var i = 0; i < 4; i++) ledger.Apply(new SampleProgress(First + i, SampleState.Masked, 0, 0, -1, null));
        Assert.Equal(Count, ledger.Settled(held));

        var released = held with { State = SampleState.Composed, HoldsSecondUses = false };
        Assert.Equal([First + 4, First + 5], ledger.WithoutDrawing(released));
        Assert.Equal([First, First + 1, First + 2, First + 3], ledger.Pick(released, Count).Select(p => p.Item.Index));
        Assert.Equal(0, ledger.Settled(released));
        ledger.Apply(new SampleProgress(First + 5, SampleState.Masked, 0, 0, -1, null, IsSecondUse: true));
        Assert.Equal([First + 4], ledger.WithoutDrawing(released));
        Assert.Contains((Stage.Compose, new WorkItem(First + 5, 0)), ledger.Pick(released, Count));
    }

    [Fact]
    public void The_masks_that_were_rejected_of_a_drawing_are_counted_once()
    {
        var ledger = new ShardLedger(StageTable.Default, First, Count);
        ledger.Apply(new SampleProgress(First, SampleState.Masked, 2, 0, -1, "too small"));
        var taken = new SampleProgress(First + 5, SampleState.Masked, 2, 0, -1, null, IsSecondUse: true);
        ledger.Apply(taken);
        Assert.Equal(2, ledger.Counts().Rejected);
        Assert.Equal(2, Assert.Single(ledger.Failures()).Count);
        // The store lost its record, and it takes its drawing again.
        ledger.Regress(new SampleProgress(First + 5, SampleState.Planned, 0, 0, -1, null, IsSecondUse: true), "lost");
        var target = new ShardTarget(SampleState.Composed) { FirstSecondUse = First + 4 };
        Assert.Equal([First + 4, First + 5], ledger.WithoutDrawing(target));
        ledger.Apply(taken);
        Assert.Equal(2, ledger.Counts().Rejected);
        ledger.Apply(taken with { State = SampleState.Quarantined, Failure = "bad" });
        Assert.Contains(ledger.Failures(), f => f is { Reason: "bad", Count: 1 });
    }

    [Fact]
    public void Work_says_how_often_it_failed_before()
    {
        var ledger = new ShardLedger(StageTable.Default, First, Count);
        ledger.Apply(new SampleProgress(First, SampleState.Generated, 0, 2, -1, "slow"));
        Assert.Equal((Stage.Mask, new WorkItem(First, 0, 2)), ledger.Pick(SampleState.Masked, 1).Single());
        ledger.Apply(new SampleProgress(First, SampleState.Masked, 0, 0, -1, null));
        Assert.Equal((Stage.Compose, new WorkItem(First, 0, 0)), ledger.Pick(SampleState.Composed, 1).Single());
    }

    [Fact]
    public void A_lease_ends_by_its_holder_or_its_deadline()
    {
        var ledger = new ShardLedger(StageTable.Default, First, Count);
        ledger.Grant(First, new Lease("a", 0, Now));
        ledger.Grant(First + 1, new Lease("b", 0, Now + TimeSpan.FromMinutes(1)));
        ledger.Release(First + 1, "a");
        Assert.Equal(2, ledger.InFlight);
        Assert.Equal([First], ledger.TakeExpired(Now));
        ledger.Release(First + 1, "b");
        Assert.Equal(0, ledger.InFlight);
    }

    [Fact]
    public void A_lease_is_renewed_while_its_device_reports_the_sample()
    {
        var ledger = new ShardLedger(StageTable.Default, First, Count);
        ledger.Grant(First, new Lease("a", 0, Now));
        ledger.Grant(First + 1, new Lease("a", 0, Now));
        ledger.Grant(First + 2, new Lease("b", 0, Now));
        // Leases of other devices, and samples without lease, do not change.
        ledger.Renew("a", [First, First + 2, First + 3], Now + TimeSpan.FromSeconds(20));
        Assert.Equal([First + 1, First + 2], ledger.TakeExpired(Now).Order());
        Assert.Equal(1, ledger.InFlight);
        Assert.Equal(["a"], ledger.WorkersWithLeasesUntil(Now + TimeSpan.FromSeconds(20)));
        Assert.Empty(ledger.WorkersWithLeasesUntil(Now + TimeSpan.FromSeconds(19)));
    }

    [Fact]
    public void Samples_quarantined_in_a_stored_ledger_may_have_been_retried()
    {
        var ledger = new ShardLedger(StageTable.Default, First, Count);
        ledger.Apply(new SampleProgress(First + 4, SampleState.Quarantined, 1, 0, -1, "poison"));
        var restored = new ShardLedger(StageTable.Default, First, ledger.ToRecord());
        Assert.Contains(First + 4, restored.InDoubt(SampleState.Masked));
        restored.Correct(new SampleProgress(First + 4, SampleState.Generated, 1, 0, -1, "poison"));
        Assert.Equal(SampleState.Generated, restored.StateOf(First + 4));
    }

    [Fact]
    public void A_page_ends_at_its_limit_and_names_the_next_sample()
    {
        var ledger = new ShardLedger(StageTable.Default, First, Count);
        foreach (var index in new[] { 101, 103, 104 }) ledger.Apply(new SampleProgress(index, SampleState.Generated, 0, 0, -1, null));
        var query = new SampleQuery { Round = 0, State = SampleState.Generated, Limit = 2 };
        var (found, next) = ledger.Find(query, _ => "cat");
        Assert.Equal([101, 103], found);
        Assert.Equal(104, next);
        (found, next) = ledger.Find(query with { From = 104 }, _ => "cat");
        Assert.Equal([104], found);
        Assert.Null(next);
        Assert.Equal([103], ledger.Find(query with { Class = "dog" }, index => index == 103 ? "dog" : "cat").Found);
    }
}
