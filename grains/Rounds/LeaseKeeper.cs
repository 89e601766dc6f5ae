using FreeMask.Grains.Devices;
using FreeMask.Grains.Domain;
using Microsoft.Extensions.Logging;

namespace FreeMask.Grains.Rounds;

/// <summary>
/// Keeps the leases of a shard: renews those of devices that answer, ends those that expired or whose device is lost, and adopts those of
/// a former activation of the shard.
/// </summary>
/// <param name="shard">The shard's key.</param>
/// <param name="grains">Access to the device workers.</param>
/// <param name="samples">Reads the records of samples whose lease has ended.</param>
/// <param name="devices">The devices of the cluster.</param>
/// <param name="lease">The duration of a lease.</param>
/// <param name="clock">The time in which deadlines are given.</param>
/// <param name="time">Limits how long devices are asked.</param>
/// <param name="logger">Tells what ended, and which devices do not answer.</param>
internal sealed partial class LeaseKeeper(
    string shard,
    IGrainFactory grains,
    ShardSampleReader samples,
    IDeviceDirectory devices,
    TimeSpan lease,
    ShardClock clock,
    TimeProvider time,
    ILogger logger)
{
    private static readonly TimeSpan AdoptionTimeout = TimeSpan.FromSeconds(2);

    // A lease is renewed when this share of its duration is left.
    private const double RenewalShare = 0.75;

    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly HashSet<int> _adopted = [];

    /// <summary>Whether every silo of the cluster has said which devices it has, so that all can be asked.</summary>
    public bool KnowsDevices => devices.IsComplete;

    /// <summary>Ends leases that expired or whose device is lost, and has the others renewed.</summary>
    public async Task KeepAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        var expired = ledger.TakeExpired(clock.Now);
        if (expired.Count > 0) LogExpired(logger, expired.Count, shard);
        var lost = ledger.TakeLost(devices.IsLost);
        Telemetry.CountRetries(RetryReason.LeaseExpired, expired.Count);
        Telemetry.CountRetries(RetryReason.DeviceLost, lost.Count);
        if (lost.Count > 0) LogLost(logger, lost.Count, shard);
        foreach (var worker in ledger.WorkersWithLeasesUntil(clock.Now + (RenewalShare * lease)))
            if (_asked.Add(worker)) _ = RenewAsync(ledger, worker);
        await FollowAdoptedAsync(ledger, desired);
    }

    /// <summary>
    /// The samples that devices still have from a former activation of this shard, which the new one must not order again. A device that
    /// does not answer soon may be lost, and with it its work.
    /// </summary>
    public async Task<IReadOnlyList<(string Worker, int[] Indices)>> GetLeasedAsync()
    {
        var answers = await Task.WhenAll(devices.Devices.Select(device => AskAsync(device.Key)));
        return [.. answers.OfType<(string, int[])>()];

        async Task<(string, int[])?> AskAsync(string worker)
        {
            try
            {
                var asked = grains.GetGrain<IDeviceWorkerGrain>(worker).GetLeasedSamples(shard);
                return (worker, await asked.WaitAsync(AdoptionTimeout, time));
            }
            catch (Exception exception)
            {
                LogUnreachable(logger, exception, worker);
                return null;
            }
        }
    }

    /// <summary>Grants leases for samples that devices have from a former activation.</summary>
    public void Adopt(ShardLedger ledger, IEnumerable<(string Worker, int[] Indices)> leased)
    {
        foreach (var (worker, indices) in leased)
            foreach (var index in indices)
            {
                ledger.Grant(index, new Lease(worker, ledger.AttemptOf(index), clock.Now + lease));
                _adopted.Add(index);
            }
    }

    /// <summary>Has devices drop the samples that wait in their queues, and ends the leases of these.</summary>
    public async Task CancelQueuedAsync(ShardLedger ledger)
    {
        foreach (var worker in ledger.Workers())
        {
            try
            {
                var cancelled = await grains.GetGrain<IDeviceWorkerGrain>(worker).CancelQueued(shard);
                foreach (var index in cancelled) ledger.Release(index, worker);
            }
            catch (Exception exception)
            {
                // Its leases end when the device counts as lost.
                LogUnreachable(logger, exception, worker);
            }
        }
    }

    /// <summary>
    /// Asks a device which samples it has. Runs beside the reconcile steps, because a call to an unreachable device takes until its
    /// timeout.
    /// </summary>
    private async Task RenewAsync(ShardLedger ledger, string worker)
    {
        try
        {
            var leased = await grains.GetGrain<IDeviceWorkerGrain>(worker).GetLeasedSamples(shard);
            ledger.Renew(worker, leased, clock.Now + lease);
        }
        catch (Exception exception)
        {
            LogUnreachable(logger, exception, worker);
        }
        finally
        {
            _asked.Remove(worker);
        }
    }

    /// <summary>
    /// Ends adopted leases of samples that their device does not have any more. Its report may have gone to the former activation, and
    /// without this the samples would wait until their leases expire.
    /// </summary>
    private async Task FollowAdoptedAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        _adopted.RemoveWhere(index => !ledger.IsLeased(index));
        if (_adopted.Count == 0) return;
        var leased = (await GetLeasedAsync()).ToDictionary(h => h.Worker, h => h.Indices, StringComparer.Ordinal);
        // The lease of a device that does not answer ends when the device counts as lost.
        var ended = _adopted.Where(i => leased.TryGetValue(ledger.LeaseOf(i), out var has) && !has.Contains(i)).ToList();
        foreach (var sample in await samples.ReadAsync(desired, ended))
        {
            ledger.Apply(SampleTransitions.ProgressOf(sample));
            if (ledger.IsLeased(sample.Index)) ledger.Release(sample.Index, ledger.LeaseOf(sample.Index));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} leases of shard {Shard} ran out; the samples are given to another device")]
    private static partial void LogExpired(ILogger logger, int count, string shard);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Devices that had {Count} samples of shard {Shard} are lost; the samples are given to others"
    )]
    private static partial void LogLost(ILogger logger, int count, string shard);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Device {Device} cannot be reached")]
    private static partial void LogUnreachable(ILogger logger, Exception exception, string device);
}
