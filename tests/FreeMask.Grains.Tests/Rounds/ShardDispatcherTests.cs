using System.Collections.Immutable;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Rounds;
using FreeMask.Grains.Tests.Domain;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FreeMask.Grains.Tests.Rounds;

public sealed class ShardDispatcherTests
{
    private const int Count = 12;

    private readonly ManualTime _time = new();
    private readonly CoordinationOptions _options = new();
    private readonly IGrainFactory _factory;
    private readonly FakeGrains _grains;
    private readonly FakeDevices _devices = new("a", "b");
    private readonly FakeWorker _a = new(), _b = new();
    private readonly ShardLedger _ledger = new(StageTable.Default, 0, Count);
    private readonly ShardDispatcher _dispatcher;

    private readonly ShardDesiredState _desired = new(
        "run",
        Specs.Small with { Generation = Specs.Small.Generation with { Batch = 2 }, Execution = new ExecutionSpec { Window = 4 } },
        0,
        0,
        Count,
        SampleState.Scored,
        false,
        null,
        []);

    public ShardDispatcherTests()
    {
        (_factory, _grains) = FakeGrains.Create();
        _grains.Add<IDeviceWorkerGrain>("a", _a);
        _grains.Add<IDeviceWorkerGrain>("b", _b);
        var clock = new ShardClock(_time);
        _dispatcher = new ShardDispatcher("run/0/0", StageTable.Default, _factory, _devices, _options, clock, NullLogger.Instance);
    }

    [Fact]
    public async Task Devices_share_the_window_and_get_leases()
    {
        await DispatchAsync();
        Assert.Equal([0, 1], Items(_a));
        Assert.Equal([2, 3], Items(_b));
        Assert.Equal([0, 1, 2, 3], _ledger.Leased());
        Assert.Equal("b", _ledger.LeaseOf(3));
        Assert.All(_a.Requests, r => Assert.Equal(7, r.Epoch));

        // The window is full.
        await DispatchAsync();
        Assert.Equal(4, _ledger.InFlight);
    }

    [Fact]
    public async Task A_device_that_refuses_the_run_is_not_asked_again()
    {
        _a.Answer = _ => new BatchReceipt(0, 0, "another environment");
        await DispatchAsync();
        Assert.Equal([2, 3], _ledger.Leased());
        Assert.Equal(["another environment"], _dispatcher.Refusals);
        _time.Advance(TimeSpan.FromHours(1));
        await DispatchAsync();
        Assert.Single(_a.Requests);
        Assert.Equal([2, 3, 0, 1], Items(_b));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_device_that_is_full_or_unreachable_is_asked_again_after_the_delay(bool isUnreachable)
    {
        (_a.IsUnreachable, _a.Answer) = (isUnreachable, _ => new BatchReceipt(1, 9));
        await DispatchAsync();
        Assert.Equal(isUnreachable ? [2, 3] : [0, 2, 3], _ledger.Leased());
        await DispatchAsync();
        Assert.Single(_a.Requests);
        foreach (var index in _ledger.Leased()) _ledger.Release(index, _ledger.LeaseOf(index));
        _time.Advance(_options.RetryDelay);
        _dispatcher.RecordLoad("a", 0, _ledger);
        await DispatchAsync();
        Assert.Equal(2, _a.Requests.Count);
    }

    [Fact]
    public async Task Nothing_is_given_out_during_a_pause()
    {
        _dispatcher.Pause();
        await DispatchAsync();
        Assert.Empty(_ledger.Leased());
        _time.Advance(_options.RetryDelay);
        await DispatchAsync();
        Assert.Equal(4, _ledger.InFlight);
    }

    [Fact]
    public async Task Samples_are_scored_by_the_model_of_their_fold()
    {
        ImmutableArray<SegmenterModel> folds = [new("fold0", "config", null), new("fold1", "config", null)];
        var spec = _desired.Spec with { Scoring = new ScoringSpec { Folds = 2 } };
        foreach (var index in Enumerable.Range(0, Count))
            _ledger.Apply(new SampleProgress(index, StageTable.Default[Stage.Score].Before, 0, 0, -1, null));
        await _dispatcher.DispatchAsync(_ledger, _desired with { Spec = spec, ScoringModels = folds }, 0);
        var requests = _a.Requests.Concat(_b.Requests).ToList();
        Assert.NotEmpty(requests);
        Assert.All(
            requests,
            r => Assert.All(r.Items, i => Assert.Equal(folds[SamplePlanner.FoldOf(spec, i.Index)], r.ScoringModel)));
    }

    private static IEnumerable<int> Items(FakeWorker worker) => worker.Requests.SelectMany(r => r.Items).Select(i => i.Index);

    private Task DispatchAsync() => _dispatcher.DispatchAsync(_ledger, _desired, 7);
}
