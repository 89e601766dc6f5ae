using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Rounds;
using FreeMask.Grains.Tests.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Rounds;

public sealed class ShardListWriterTests
{
    private static readonly ShardListWriter Lists = new(StageTable.Default, null!);

    [Theory]
    [InlineData(SampleListKind.Donors)]
    [InlineData(SampleListKind.Candidates)]
    [InlineData(SampleListKind.Kept)]
    public void A_list_starts_with_the_state_in_which_a_sample_has_what_is_listed(SampleListKind kind)
    {
        // An image with its mask can be pasted, what the last stage before scoring made can be scored.
        var state = kind switch
        {
            SampleListKind.Donors => StageTable.Default.OriginOf(ArtifactNames.Label)!.After,
            SampleListKind.Candidates => StageTable.Default.Producing.Last().After,
            _ => SampleState.Kept,
        };
        Assert.Equal(state, Lists.LeastStateOf(Of(Specs.Small), kind, At(state)));
        Assert.True(Lists.Contains(Of(Specs.Small), kind, At(state)));
        Assert.False(Lists.Contains(Of(Specs.Small), kind, At(SampleState.Planned)));
    }

    [Fact]
    public void A_dropped_sample_is_a_candidate_but_not_kept()
    {
        Assert.True(Lists.Contains(Of(Specs.Small), SampleListKind.Candidates, At(SampleState.Dropped)));
        Assert.False(Lists.Contains(Of(Specs.Small), SampleListKind.Kept, At(SampleState.Dropped)));
    }

    [Fact]
    public void A_sample_that_was_quarantined_later_stays_in_the_list()
    {
        bool WasListed(SampleState failedAt) => Lists.Contains(
            Of(Specs.Small), SampleListKind.Donors, At(SampleState.Quarantined) with { FailedAt = failedAt });
        Assert.True(WasListed(SampleState.Composed));
        Assert.False(WasListed(SampleState.Generated));
    }

    [Fact]
    public void The_manifest_has_every_sample() =>
        Assert.True(Lists.Contains(Of(Specs.Small), SampleListKind.Manifest, At(SampleState.Quarantined)));

    [Fact]
    public void Judged_donors_are_samples_of_one_object_above_the_threshold_of_their_class()
    {
        var spec = Specs.Small with { Composition = new CompositionSpec { Donors = DonorChoices.Judged } };
        var singles = Enumerable.Range(0, 40).Where(i => !SamplePlanner.TakesObjects(spec, 0, i, 0)).ToArray();
        var composite = Enumerable.Range(0, 40).Except(singles).First();
        var desired = Of(spec) with
        {
            DonorThresholds = [new SelectionThreshold(SamplePlanner.ClassOf(spec, 0, singles[0]), 4, 3, 0.5, singles[0])],
        };
        SampleRecord Scored(int index, double score, SampleState state = SampleState.Scored) =>
            SamplePlanner.Fresh(spec, 0, index) with { State = state, Score = score };
        bool Donates(SampleRecord record) => Lists.Contains(desired, SampleListKind.Donors, record);

        Assert.True(Donates(Scored(singles[0], 0.5)));
        Assert.True(Donates(Scored(singles[0], 0.6, SampleState.Dropped)));
        Assert.False(Donates(Scored(singles[0], 0.4)));
        Assert.False(Donates(Scored(composite, 0.9)));
        var other = singles.First(i => SamplePlanner.ClassOf(spec, 0, i) != SamplePlanner.ClassOf(spec, 0, singles[0]));
        Assert.False(Donates(Scored(other, 0.9)));
        Assert.False(Lists.Contains(desired, SampleListKind.Candidates, Scored(composite, 0.9)));
        Assert.Equal(SampleState.Masked, Lists.LeastStateOf(desired, SampleListKind.Donors, Scored(composite, 0)));
        Assert.Equal(SampleState.Scored, Lists.LeastStateOf(desired, SampleListKind.Donors, Scored(singles[0], 0)));
    }

    [Theory]
    [InlineData(DonorChoices.All)]
    [InlineData(DonorChoices.Judged)]
    public void Second_uses_are_no_donors_and_candidates_only_where_donors_are_not_judged(string donors)
    {
        var spec = Specs.Small with
        {
            SamplesPerRound = 40,
            Composition = new CompositionSpec { Donors = donors, MultiShare = 0, BothShare = 0.25 },
        };
        var (desired, judged) = (Of(spec), donors == DonorChoices.Judged);
        var second = SamplePlanner.Fresh(spec, 0, 32) with { State = SampleState.Kept, Score = 1 };
        // A list that is written again later is the same: when it was first written, the sample was planned.
        Assert.False(Lists.Contains(desired, SampleListKind.Donors, second));
        Assert.Equal(SampleState.Planned, Lists.LeastStateOf(desired, SampleListKind.Donors, second));
        Assert.Equal(!judged, Lists.Contains(desired, SampleListKind.Candidates, second));
        Assert.Equal(
            judged ? SampleState.Planned : SampleState.Harmonized,
            Lists.LeastStateOf(desired, SampleListKind.Candidates, second));
        Assert.True(Lists.Contains(desired, SampleListKind.Kept, second));
        Assert.True(Lists.Contains(desired, SampleListKind.Candidates, SamplePlanner.Fresh(spec, 0, 31) with { State = SampleState.Kept }));
    }

    private static ShardDesiredState Of(RunSpec spec) => new("run", spec, 0, 0, 40, SampleState.Scored, false, null, []);

    private static SampleRecord At(SampleState state) => SamplePlanner.Fresh(Specs.Small, 0, 0) with { State = state };
}
