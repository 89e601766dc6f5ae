using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;
using Xunit;

namespace FreeMask.Grains.Tests.Devices;

public sealed class BatchTimeoutPolicyTests
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(20), First = TimeSpan.FromMinutes(15);
    private static readonly BatchKey Draw = new("run", 0, Stage.Generate, null, null), Mask = new("run", 0, Stage.Mask, null, null);

    private readonly BatchTimeoutPolicy _patience = new(Least, First);

    [Fact]
    public void The_first_batch_of_a_kind_has_the_first_batch_timeout()
    {
        _patience.Record(Draw, TimeSpan.FromSeconds(1));
        Assert.Equal(First, _patience.TimeoutOf(Mask));
        Assert.Equal(Least, _patience.TimeoutOf(Draw));
    }

    [Fact]
    public void Batches_that_take_long_may_take_three_times_the_longest()
    {
        _patience.Record(Draw, TimeSpan.FromSeconds(10));
        _patience.Record(Draw, TimeSpan.FromSeconds(4));
        Assert.Equal(TimeSpan.FromSeconds(30), _patience.TimeoutOf(Draw));
        // A timeout that was too short grows.
        _patience.Record(Draw, _patience.TimeoutOf(Draw));
        Assert.Equal(TimeSpan.FromSeconds(90), _patience.TimeoutOf(Draw));
    }

    [Fact]
    public void An_evicted_duration_is_measured_again()
    {
        for (var round = 0; round < 1000; round++) _patience.Record(Draw with { Round = round }, TimeSpan.FromSeconds(1));
        Assert.Equal(Least, _patience.TimeoutOf(Draw with { Round = 999 }));
        Assert.Equal(First, _patience.TimeoutOf(Draw with { Round = 0 }));
    }
}
