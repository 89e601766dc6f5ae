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
        Assert.Equal(state, Lists.LeastStateOf(kind));
        Assert.True(Lists.Contains(kind, At(state)));
        Assert.False(Lists.Contains(kind, At(SampleState.Planned)));
    }

    [Fact]
    public void A_dropped_sample_is_a_candidate_but_not_kept()
    {
        Assert.True(Lists.Contains(SampleListKind.Candidates, At(SampleState.Dropped)));
        Assert.False(Lists.Contains(SampleListKind.Kept, At(SampleState.Dropped)));
    }

    [Fact]
    public void A_sample_that_was_quarantined_later_stays_in_the_list()
    {
        Assert.True(Lists.Contains(SampleListKind.Donors, At(SampleState.Quarantined) with { FailedAt = SampleState.Composed }));
        Assert.False(Lists.Contains(SampleListKind.Donors, At(SampleState.Quarantined) with { FailedAt = SampleState.Generated }));
    }

    [Fact]
    public void The_manifest_has_every_sample() => Assert.True(Lists.Contains(SampleListKind.Manifest, At(SampleState.Quarantined)));

    private static SampleRecord At(SampleState state) => SamplePlanner.Fresh(Specs.Small, 0, 0) with { State = state };
}
