using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Tests.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Devices;

public sealed class SampleRecordCacheTests
{
    private readonly SampleRecordCache _recent = new(StageTable.Default);

    [Fact]
    public void A_record_is_used_once()
    {
        var record = Generated(3);
        _recent.Add("run", record);
        Assert.Same(record, _recent.Take(Order("run"), new WorkItem(3, 0)));
        Assert.Null(_recent.Take(Order("run"), new WorkItem(3, 0)));
    }

    [Fact]
    public void A_record_that_does_not_say_what_the_shard_knows_is_not_used_and_forgotten()
    {
        _recent.Add("run", Generated(0));
        _recent.Add("run", Generated(1));
        _recent.Add("run", Generated(2));
        Assert.Null(_recent.Take(Order("run"), new WorkItem(0, Attempt: 1)));
        Assert.Null(_recent.Take(Order("run"), new WorkItem(1, 0, Faults: 1)));
        Assert.Null(_recent.Take(Order("run") with { Stage = Stage.Compose }, new WorkItem(2, 0)));
        for (var index = 0; index < 3; index++) Assert.Null(_recent.Take(Order("run"), new WorkItem(index, 0)));
    }

    [Fact]
    public void Records_of_other_runs_and_rounds_are_not_returned()
    {
        _recent.Add("run", Generated(3));
        Assert.Null(_recent.Take(Order("another"), new WorkItem(3, 0)));
        Assert.Null(_recent.Take(Order("run") with { Round = 1 }, new WorkItem(3, 0)));
        Assert.NotNull(_recent.Take(Order("run"), new WorkItem(3, 0)));
    }

    [Fact]
    public void Samples_that_no_device_works_on_any_more_are_not_kept()
    {
        _recent.Add("run", Generated(3) with { State = SampleState.Scored });
        Assert.Null(_recent.Take(Order("run"), new WorkItem(3, 0)));
    }

    [Fact]
    public void The_oldest_records_make_room()
    {
        for (var index = 0; index < 10_000; index++) _recent.Add("run", Generated(index));
        Assert.Null(_recent.Take(Order("run"), new WorkItem(0, 0)));
        Assert.NotNull(_recent.Take(Order("run"), new WorkItem(9_999, 0)));
    }

    private static SampleRecord Generated(int index) =>
        SampleTransitions.Fresh(0, index, SamplePlanner.Plan(Specs.Small, 0, index)) with { State = SampleState.Generated };

    private static BatchRequest Order(string run) => new("shard", run, Specs.Small, 0, Stage.Mask, null, null, []);
}
