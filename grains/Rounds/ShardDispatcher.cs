using FreeMask.Grains.Devices;
using FreeMask.Grains.Domain;
using Microsoft.Extensions.Logging;

namespace FreeMask.Grains.Rounds;

/// <summary>
/// Gives the samples of a shard that have no lease to devices, in batches of one stage and one scoring model. A device that refuses a run
/// gets no more work of the shard; one that is full, draining or unreachable gets none for a while.
/// </summary>
/// <param name="shard">The shard's key.</param>
/// <param name="stages">The stages and their batch sizes.</param>
/// <param name="grains">Access to the device workers.</param>
/// <param name="devices">The devices of the cluster.</param>
/// <param name="options">Durations of leases and of pauses.</param>
/// <param name="clock">The time in which deadlines are given.</param>
/// <param name="logger">Tells which devices refuse, or do not answer.</param>
internal sealed partial class ShardDispatcher(
    string shard,
    StageTable stages,
    IGrainFactory grains,
    IDeviceDirectory devices,
    CoordinationOptions options,
    ShardClock clock,
    ILogger logger)
{
    private readonly Dictionary<string, TimeSpan> _avoided = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _refusals = new(StringComparer.Ordinal);
    private readonly LoadEstimate _loads = new();
    private TimeSpan _notBefore;

    /// <summary>Why devices refuse the work of this shard.</summary>
    public IEnumerable<string> Refusals => _refusals.Values.Distinct();

    /// <summary>Records the load that a device reported with a batch.</summary>
    public void RecordLoad(string worker, int outstanding, ShardLedger ledger) =>
        _loads.Record(worker, outstanding, ledger.LoadOf(worker));

    /// <summary>Gives out nothing for a while, because a device returned samples without working on them.</summary>
    public void Pause() => _notBefore = clock.Now + options.RetryDelay;

    /// <summary>Gives out as many samples as the devices and the run's window have room for.</summary>
    /// <param name="ledger">The shard's ledger.</param>
    /// <param name="desired">The shard's desired state.</param>
    /// <param name="epoch">Returned with the results.</param>
    public async Task DispatchAsync(ShardLedger ledger, ShardDesiredState desired, int epoch)
    {
        if (clock.Now < _notBefore) return;
        var loads = Loads(ledger);
        if (loads.Count == 0) return;
        var window =
            desired.Spec.Execution.Window > 0 ? desired.Spec.Execution.Window : 2 * stages.LargestBatch(desired.Spec) * loads.Count;
        var picked = ledger.Pick(ShardTarget.Of(desired), window - ledger.InFlight);
        var offers = new List<Task>();
        foreach (var group in picked.GroupBy(p => (p.Stage, Model: ScoringModelOf(desired, p.Stage, p.Item.Index))))
        {
            var (stage, model) = group.Key;
            var batches = LeastLoadedDispatcher.Assign([.. group.Select(g => g.Item)], stages[stage].BatchSize(desired.Spec), loads);
            foreach (var (worker, items) in batches)
            {
                var request = new BatchRequest(
                    shard,
                    desired.Run,
                    desired.Spec,
                    desired.Round,
                    stage,
                    desired.Donors,
                    model,
                    items,
                    epoch,
                    desired.Environment
                );
                offers.Add(OfferAsync(ledger, request, worker));
            }
        }

        await Task.WhenAll(offers);
    }

    /// <summary>The estimated load of the devices that take work.</summary>
    private Dictionary<string, int> Loads(ShardLedger ledger)
    {
        var now = clock.Now;
        foreach (var (worker, until) in _avoided)
            if (until <= now) _avoided.Remove(worker);
        return devices.Devices
            .Where(d => !_avoided.ContainsKey(d.Key) && !_refusals.ContainsKey(d.Key))
            .ToDictionary(d => d.Key, d => _loads.Of(d, ledger.LoadOf(d.Key)), StringComparer.Ordinal);
    }

    private async Task OfferAsync(ShardLedger ledger, BatchRequest request, string worker)
    {
        var items = request.Items;
        var deadline = clock.Now + options.Lease;
        foreach (var item in items) ledger.Grant(item.Index, new Lease(worker, item.Attempt, deadline));
        var taken = 0;
        try
        {
            (taken, var outstanding, var refusal) = await grains.GetGrain<IDeviceWorkerGrain>(worker).Enqueue(request);
            RecordLoad(worker, outstanding, ledger);
            if (refusal is not null && _refusals.TryAdd(worker, refusal)) LogRefused(logger, refusal);
        }
        catch (Exception exception)
        {
            LogUnreachable(logger, exception, worker);
        }

        if (taken == items.Length) return;
        foreach (var item in items.AsSpan()[taken..]) ledger.Release(item.Index, worker);
        // The device is full, draining or unreachable: others may have room.
        _avoided[worker] = clock.Now + options.RetryDelay;
    }

    private SegmenterModel? ScoringModelOf(ShardDesiredState desired, Stage stage, int index) =>
        !stages[stage].UsesScoringModel || desired.ScoringModels.IsEmpty ? null
        : desired.ScoringModels.Length == 1 ? desired.ScoringModels[0]
        : desired.ScoringModels[SamplePlanner.FoldOf(desired.Spec, index)];

    [LoggerMessage(Level = LogLevel.Warning, Message = "Work was refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Device {Device} cannot be reached")]
    private static partial void LogUnreachable(ILogger logger, Exception exception, string device);
}
