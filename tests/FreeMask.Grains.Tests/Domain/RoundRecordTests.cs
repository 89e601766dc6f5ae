using CsCheck;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Domain;

public sealed class RoundRecordTests
{
    private static readonly DateTimeOffset Now = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly SegmenterModel Model = new("weights", "config", null);
    private static readonly SelectionDecision Decision = new(
        [new SelectionThreshold("cat", 4, 3, 0.5, 2)],
        "hash",
        3,
        [new ObjectShare(1, 4, 3)]
    );
    private static readonly RoundTally Tally = new(new StateCounts(), new StageSeconds(), []);

    private static readonly Func<RoundRecord, RoundRecord>[] Edges =
    [
        r => r.LaidOut(),
        r => r.AllMasked("donors"),
        r => r.AllHarmonized(["list"]),
        r => r.FoldTrained(0, Model, 1),
        r => r.FoldTrained(1, Model, 1),
        r => r.Decided(Decision),
        r => r.Selected(["kept"], Tally),
        r => r.Trained(Model, 1),
        r => r.Evaluated(null, 0, ["part"], Now),
    ];

    [Fact]
    public void Edges_in_any_order_lead_forward_once() => Gen.Int[0, Edges.Length - 1].Array[0, 80].Sample(walk =>
    {
        var record = RoundRecord.Begin(new RoundAssignment("run", Specs.Small, 0, null, []), Now);
        var next = 0;
        foreach (var edge in walk)
        {
            var before = record;
            try
            {
                record = Edges[edge](record);
            }
            catch (InvalidOperationException)
            {
                Assert.True(edge > next, $"edge {edge} was refused at {next}");
                Assert.Same(before, record);
                continue;
            }

            if (ReferenceEquals(before, record)) continue;
            Assert.Equal(next, edge);
            Assert.True(record.Phase >= before.Phase);
            next++;
        }
    });

    [Fact]
    public void A_whole_round_takes_every_edge()
    {
        var record = Edges.Aggregate(
            RoundRecord.Begin(new RoundAssignment("run", Specs.Small, 0, null, []), Now),
            (r, edge) => edge(edge(r))
        );
        Assert.Equal(RoundPhase.Closed, record.Phase);
        Assert.Equal(2, record.FoldModels.Length);
        Assert.Equal(3, record.TrainSeconds);
        Assert.Equal(Decision.Kept, record.Decision.Kept);
    }

    [Fact]
    public void Where_donors_are_judged_samples_of_one_object_are_scored_before_others_are_composed()
    {
        var spec = Specs.Small with { Composition = new CompositionSpec { Donors = DonorChoices.Judged } };
        var record = RoundRecord.Begin(new RoundAssignment("run", spec, 0, null, []), Now).LaidOut();
        Assert.True(record.HoldsComposites);
        Assert.Equal(SampleState.Harmonized, record.Target(StageTable.Default));

        record = record.SinglesHarmonized(["singles"]).FoldTrained(0, Model, 1);
        Assert.Equal(SampleState.Harmonized, record.Target(StageTable.Default));
        record = record.FoldTrained(1, Model, 1);
        Assert.Equal(SampleState.Scored, record.Target(StageTable.Default));
        Assert.True(record.HoldsComposites);

        record = record.DonorsDecided(Decision.Thresholds);
        Assert.Same(record, record.DonorsDecided([]));
        record = record.AllMasked("donors");
        Assert.False(record.HoldsComposites);
        Assert.Equal(SampleState.Harmonized, record.Target(StageTable.Default));

        record = record.AllHarmonized([]);
        Assert.Equal(RoundPhase.Scoring, record.Phase);
        Assert.Equal(["singles"], record.Candidates);
        Assert.Equal(SampleState.Scored, record.Target(StageTable.Default));
        Assert.Equal(RoundPhase.Selecting, record.Decided(Decision).Phase);
    }

    [Theory]
    [InlineData(DonorChoices.All)]
    [InlineData(DonorChoices.Judged)]
    public void Second_uses_are_held_until_the_donors_are_known(string donors)
    {
        var spec = Specs.Small with { Composition = new CompositionSpec { Donors = donors, MultiShare = 0, BothShare = 1 } };
        var record = RoundRecord.Begin(new RoundAssignment("run", spec, 0, null, []), Now).LaidOut();
        Assert.True(record.HoldsSecondUses);
        Assert.Equal(donors == DonorChoices.Judged, record.HoldsComposites);
        Assert.Equal(15, record.Begun);
        record = record.AllMasked("donors");
        Assert.False(record.HoldsSecondUses);
        Assert.Equal(30, record.Begun);
        var once = spec with { Composition = spec.Composition with { BothShare = 0 } };
        Assert.False((record with { Assignment = record.Assignment with { Spec = once }, Donors = null }).HoldsSecondUses);
    }

    [Fact]
    public void A_later_round_is_scored_by_the_segmenter_of_the_round_before()
    {
        var record = RoundRecord
            .Begin(new RoundAssignment("run", Specs.Small, 1, Model, []), Now)
            .LaidOut()
            .AllMasked("d")
            .AllHarmonized([]);
        Assert.Equal([Model], record.ScoringModels);
        Assert.Equal(SampleState.Scored, record.Target(StageTable.Default));
    }
}
