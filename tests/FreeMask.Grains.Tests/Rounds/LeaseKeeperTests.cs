using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Rounds;
using FreeMask.Grains.Tests.Domain;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FreeMask.Grains.Tests.Rounds;

public sealed class LeaseKeeperTests
{
    private const int Count = 6;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(20);

    private readonly ManualTime _time = new();
    private readonly FakeDevices _devices = new("a", "b");
    private readonly FakeWorker _a = new(), _b = new();
    private readonly ShardLedger _ledger = new(StageTable.Default, 0, Count);
    private readonly ShardDesiredState _desired = new("run", Specs.Small, 0, 0, Count, SampleState.Scored, false, null, []);
    private readonly ShardClock _clock;
    private readonly LeaseKeeper _keeper;

    public LeaseKeeperTests()
    {
        var (factory, grains) = FakeGrains.Create();
        grains.Add<IDeviceWorkerGrain>("a", _a);
        grains.Add<IDeviceWorkerGrain>("b", _b);
        foreach (var index in Enumerable.Range(0, Count))
        {
            var record = SamplePlanner.Fresh(_desired.Spec, 0, index) with { State = SampleState.Generated };
            grains.Add<ISampleGrain>(GrainKeys.Part("run", 0, index), new FakeSample(record));
        }

        _clock = new ShardClock(_time);
        var samples = new ShardSampleReader(factory);
        _keeper = new LeaseKeeper("run/0/0", factory, samples, _devices, Duration, _clock, _time, NullLogger.Instance);
    }

    [Fact]
    public async Task A_lease_that_its_device_reports_is_renewed_and_another_one_ends()
    {
        Grant(0, "a");
        Grant(1, "a");
        _a.Leased = [0];
        // The device is asked once three quarters of the lease are left.
        _time.Advance(Duration / 2);
        await KeepAsync();
        _time.Advance(Duration * 0.75);
        await KeepAsync();
        Assert.Equal([0], _ledger.Leased());
    }

    [Fact]
    public async Task The_leases_of_a_lost_device_end_at_once()
    {
        Grant(0, "a");
        Grant(1, "b");
        _devices.Lost.Add("a");
        await KeepAsync();
        Assert.Equal([1], _ledger.Leased());
    }

    [Fact]
    public async Task What_devices_have_from_a_former_activation_is_adopted_until_they_have_it_no_more()
    {
        (_a.Leased, _b.IsUnreachable) = ([2, 3], true);
        _keeper.Adopt(_ledger, await _keeper.GetLeasedAsync());
        Assert.Equal([2, 3], _ledger.Leased());

        // The result of sample 2 went to the former activation; it is read.
        _a.Leased = [3];
        await KeepAsync();
        Assert.Equal([3], _ledger.Leased());
        Assert.Equal(SampleState.Generated, _ledger.StateOf(2));
        Assert.Equal(SampleState.Planned, _ledger.StateOf(3));
    }

    [Fact]
    public async Task Cancelling_ends_the_leases_of_queued_samples_only()
    {
        Grant(0, "a");
        Grant(1, "a");
        Grant(2, "b");
        (_a.Queued, _b.IsUnreachable) = ([1], true);
        await _keeper.CancelQueuedAsync(_ledger);
        Assert.Equal([0, 2], _ledger.Leased());
    }

    private void Grant(int index, string worker) => _ledger.Grant(index, new Lease(worker, 0, _clock.Now + Duration));

    private Task KeepAsync() => _keeper.KeepAsync(_ledger, _desired);
}
