using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;
using Xunit;

namespace FreeMask.Grains.Tests.Devices;

public sealed class LoadEstimateTests
{
    private readonly LoadEstimate _loads = new();

    [Fact]
    public void A_device_that_never_answered_has_the_load_of_the_directory_or_of_its_leases()
    {
        Assert.Equal(12, _loads.Of(Heard(12), own: 8));
        Assert.Equal(8, _loads.Of(Heard(0), own: 8));
    }

    [Fact]
    public void An_outdated_load_of_the_directory_does_not_replace_the_reported_one()
    {
        // One refresh interval ago it had 48; since then it completed 40 and got 8 of this shard.
        _loads.Record("a", outstanding: 8, own: 8);
        Assert.Equal(8, _loads.Of(Heard(48), own: 8));
    }

    [Fact]
    public void Samples_of_other_shards_count_in_the_load_of_a_device()
    {
        _loads.Record("a", outstanding: 24, own: 8);
        Assert.Equal(16 + 3, _loads.Of(Heard(0), own: 3));
    }

    [Fact]
    public void A_device_without_samples_of_this_shard_has_the_latest_reported_load()
    {
        _loads.Record("a", outstanding: 24, own: 8);
        Assert.Equal(0, _loads.Of(Heard(0), own: 0));
        Assert.Equal(16, _loads.Of(Heard(40), own: 0));
    }

    private static DeviceState Heard(int outstanding) => new("a", "cpu", outstanding);
}
