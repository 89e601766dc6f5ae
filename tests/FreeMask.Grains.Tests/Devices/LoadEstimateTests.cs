using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;
using Xunit;

namespace FreeMask.Grains.Tests.Devices;

public sealed class LoadEstimateTests
{
    private readonly LoadEstimate _loads = new();

    [Fact]
    public void A_device_that_never_answered_has_what_the_directory_says_or_what_it_was_given()
    {
        Assert.Equal(12, _loads.Of(Heard(12), own: 8));
        Assert.Equal(8, _loads.Of(Heard(0), own: 8));
    }

    [Fact]
    public void Old_news_of_the_directory_does_not_keep_work_from_a_device_that_says_what_it_has()
    {
        // A check ago it had 48; since then it has done 40 and was given 8 of this shard's.
        _loads.Record("a", outstanding: 8, own: 8);
        Assert.Equal(8, _loads.Of(Heard(48), own: 8));
    }

    [Fact]
    public void What_others_gave_a_device_counts_besides_what_this_shard_gave_it()
    {
        _loads.Record("a", outstanding: 24, own: 8);
        Assert.Equal(16 + 3, _loads.Of(Heard(0), own: 3));
    }

    [Fact]
    public void A_device_that_has_nothing_of_this_shard_is_as_idle_as_the_latest_news_makes_it()
    {
        _loads.Record("a", outstanding: 24, own: 8);
        Assert.Equal(0, _loads.Of(Heard(0), own: 0));
        Assert.Equal(16, _loads.Of(Heard(40), own: 0));
    }

    private static DeviceState Heard(int outstanding) => new("a", "cpu", outstanding);
}
