using System.Collections.Immutable;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Devices;
using Microsoft.Extensions.Options;

namespace FreeMask.Hosting.Devices;

/// <summary>
/// The devices of the whole cluster. Every active member is asked periodically for its devices and their load. A silo that joins gets
/// work, and one that leaves or does not answer gets none, within one refresh interval. After the device-lost timeout a silo without
/// answers counts as lost, before its leases expire. This silo's own devices are read locally.
/// </summary>
internal sealed partial class ClusterDevices(
    ILocalDevices local,
    SiloDrainState drain,
    ILocalSiloDetails self,
    IClusterMembershipService membership,
    IGrainFactory grains,
    IOptions<CoordinationOptions> options,
    TimeProvider time,
    ILogger<ClusterDevices> logger) : BackgroundService, IDeviceDirectory
{
    private readonly long _started = time.GetTimestamp();
    private readonly string _own = DeviceKeys.Silo(self.Name, self.SiloAddress.Generation);
    private ImmutableDictionary<string, SiloAnswer> _answers = ImmutableDictionary<string, SiloAnswer>.Empty;

    /// <inheritdoc/>
    public IReadOnlyList<DeviceState> Devices
    {
        get
        {
            var own = drain.IsDraining
                ? []
                : local.Devices.Where(d => !d.Hangs).Select(d => new DeviceState(d.Address.Key, d.Address.Kind, d.Queued + d.Running));
            return [.. own, .. _answers.Values.Where(h => h.Answered).SelectMany(h => h.Devices)];
        }
    }

    /// <inheritdoc/>
    public bool IsComplete => Others()
        .Where(m => m.Status == SiloStatus.Active)
        .Select(Members.KeyOf)
        .All(silo => _answers.ContainsKey(silo) || IsLost(silo));

    /// <inheritdoc/>
    public bool IsLost(string key)
    {
        var silo = DeviceKeys.SiloOf(key);
        if (silo == _own) return local.Find(key) is null;
        if (!Others().Any(m => Members.KeyOf(m) == silo)) return true;
        var last = _answers.TryGetValue(silo, out var answer) ? answer.At : _started;
        return time.GetElapsedTime(last) > options.Value.DeviceLostTimeout;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.DeviceRefreshInterval, time);
        do
        {
            var others = Others().Where(m => m.Status == SiloStatus.Active).Select(Members.KeyOf).ToHashSet(StringComparer.Ordinal);
            foreach (var gone in _answers.Keys.Where(k => !others.Contains(k)).ToList()) Note(gone, null);
            await Task.WhenAll(others.Select(AskAsync));
        }
        while (await WaitAsync(timer, stoppingToken));
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task AskAsync(string silo)
    {
        try
        {
            var devices = await grains.GetGrain<IDeviceHostGrain>(silo).GetDevices();
            if (!_answers.TryGetValue(silo, out var before) || !before.Answered) LogFound(logger, silo, devices.Length);
            Note(silo, new SiloAnswer(devices, time.GetTimestamp(), true));
        }
        catch (Exception exception)
        {
            if (!_answers.TryGetValue(silo, out var before) || !before.Answered) return;
            LogSilent(logger, exception, silo);
            Note(silo, before with { Answered = false });
        }
    }

    private void Note(string silo, SiloAnswer? answer) =>
        ImmutableInterlocked.Update(ref _answers, (all, h) => h is null ? all.Remove(silo) : all.SetItem(silo, h), answer);

    private IEnumerable<ClusterMember> Others() =>
        membership.CurrentSnapshot.Members.Values.Where(m => m.Status != SiloStatus.Dead && !m.SiloAddress.Equals(self.SiloAddress));

    /// <summary>The last answer of a silo.</summary>
    private sealed record SiloAnswer(ImmutableArray<DeviceState> Devices, long At, bool Answered);

    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Silo} has {Count} devices that take work")]
    private static partial void LogFound(ILogger logger, string silo, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Silo {Silo} does not answer; it gets no work")]
    private static partial void LogSilent(ILogger logger, Exception exception, string silo);
}
