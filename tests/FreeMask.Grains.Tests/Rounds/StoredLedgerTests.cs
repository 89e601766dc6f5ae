using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Rounds;
using FreeMask.Grains.Tests.Domain;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FreeMask.Grains.Tests.Rounds;

public sealed class StoredLedgerTests
{
    private const int Count = 4;

    private readonly FakeDevices _devices = new("a");
    private readonly FakeWorker _worker = new();
    private readonly ShardDesiredState _desired = new("run", Specs.Small, 0, 0, Count, SampleState.Scored, false, null, []);
    private readonly FakeState _state = new();
    private readonly StoredLedger _ledger;

    public StoredLedgerTests()
    {
        var (factory, grains) = FakeGrains.Create();
        grains.Add<IDeviceWorkerGrain>("a", _worker);
        foreach (var index in Enumerable.Range(0, Count)) grains.Add<ISampleGrain>(GrainKeys.Part("run", 0, index), new FakeSample(null));
        var samples = new ShardSampleReader(factory);
        var time = new ManualTime();
        var leases = new LeaseKeeper(
            "run/0/0", factory, samples, _devices, TimeSpan.FromSeconds(20), new ShardClock(time), time, NullLogger.Instance);
        _ledger = new StoredLedger(new DurableRecord<ShardRecord>(_state), StageTable.Default, samples, leases);
    }

    [Fact]
    public async Task A_new_shard_has_nothing_to_take_over()
    {
        _devices.IsComplete = false;
        Assert.True(await _ledger.TakeOverAsync(_desired));
        Assert.NotNull(_state.State.Value);
    }

    [Fact]
    public async Task What_devices_have_is_adopted_once_all_devices_are_known()
    {
        _state.State.Value = new ShardLedger(StageTable.Default, 0, Count).ToRecord();
        (_worker.Leased, _devices.IsComplete) = ([1, 2], false);

        // A query may read the ledger before; nothing is assigned yet.
        Assert.Empty((await _ledger.ViewAsync(_desired)).Leased());
        Assert.False(await _ledger.TakeOverAsync(_desired));

        _devices.IsComplete = true;
        Assert.True(await _ledger.TakeOverAsync(_desired));
        Assert.Equal([1, 2], _ledger.Current!.Leased());
        _ledger.Forget();
        Assert.False(_ledger.HasTakenOver);
    }

    private sealed class FakeState : IPersistentState<Stored<ShardRecord>>
    {
        public Stored<ShardRecord> State { get; set; } = new();

        public string Etag => "";

        public bool RecordExists => State.Value is not null;

        public Task ClearStateAsync() => Task.FromResult(State = new());

        public Task WriteStateAsync() => Task.CompletedTask;

        public Task ReadStateAsync() => Task.CompletedTask;
    }
}
