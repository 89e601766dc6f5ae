using System.Collections.Immutable;
using FreeMask.Dashboard.Engines;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;

namespace FreeMask.Dashboard.Services;

/// <summary>A silo.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Key">Its name and generation.</param>
/// <param name="Address">Address and generation.</param>
/// <param name="State">Its membership state, such as Active or Dead.</param>
/// <param name="Devices">Its devices that take work.</param>
/// <param name="StartedAt">When it joined (UTC).</param>
/// <param name="AliveAt">When it last said that it is alive (UTC).</param>
/// <param name="MemoryBytes">
/// Memory that the runtime of its process manages, without models and other native memory; null if it did not answer.
/// </param>
/// <param name="CpuShare">Use of its machine's processor in [0, 1]; null if it did not answer.</param>
/// <param name="Draining">Whether its devices take no work until it is restarted.</param>
/// <param name="Problem">Why it did not answer; null if it did.</param>
public sealed record SiloView(
    string Name,
    string Key,
    string Address,
    string State,
    ImmutableArray<DeviceState> Devices,
    DateTimeOffset StartedAt,
    DateTimeOffset AliveAt,
    long? MemoryBytes,
    double? CpuShare,
    bool Draining,
    string? Problem
)
{
    /// <summary>Whether it is a member and answers.</summary>
    public bool IsActive => State == nameof(SiloStatus.Active) && Problem is null;
}

/// <summary>Reads the silos of the cluster and their devices.</summary>
internal sealed partial class ClusterFeed(IEngineSource source, TimeProvider time, ILogger<ClusterFeed> logger)
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(4);

    /// <summary>All members that are not dead, and those that died within the last ten minutes.</summary>
    /// <exception cref="FreeMaskException">There is no engine.</exception>
    internal async Task<IReadOnlyList<SiloView>> ReadAsync(CancellationToken stop)
    {
        var engine = source.Current ?? throw new FreeMaskException(source.Problem ?? "The runs are not open yet.");
        var management = engine.Grains.GetGrain<IManagementGrain>(0);
        var hosts = await management.GetDetailedHosts(onlyActive: false, stop).WaitAsync(AnswerTime, time, stop);
        var recent = time.GetUtcNow().UtcDateTime - TimeSpan.FromMinutes(10);
        var shown = hosts
            .Where(h => h.Status != SiloStatus.Dead || h.IAmAliveTime > recent)
            .OrderBy(h => h.SiloName, StringComparer.Ordinal)
            .ThenBy(h => h.StartTime);
        return await Task.WhenAll(shown.Select(h => DescribeAsync(engine.Grains, management, h, stop)));
    }

    /// <summary>Takes the devices of a silo out of work until it is restarted. Callers have checked that the user may.</summary>
    /// <param name="name">The silo's name.</param>
    /// <param name="stop">Gives up waiting.</param>
    /// <exception cref="SiloNotFoundException">There is no active silo of this name.</exception>
    /// <exception cref="FreeMaskException">No other silo has devices, so that runs would wait; or runs can only be read here.</exception>
    internal async Task DrainAsync(string name, CancellationToken stop)
    {
        var engine = source.Current ?? throw new FreeMaskException(source.Problem ?? "The runs are not open yet.");
        if (engine.IsReadOnly) throw new FreeMaskException("Runs can only be read here: there is nothing to drain.");
        var silos = await ReadAsync(stop);
        var silo = silos.FirstOrDefault(s => s.Name == name && s.IsActive) ?? throw new SiloNotFoundException(name);
        if (!silos.Any(s => s.Name != name && s.Devices.Length > 0))
            throw new FreeMaskException(
                $"No other silo than '{name}' has devices that take work: runs would wait. Pause them instead, or start another silo first."
            );
        await engine.Grains.GetGrain<IDeviceHostGrain>(silo.Key).Drain().WaitAsync(AnswerTime, time, stop);
        LogDrained(logger, name);
    }

    /// <summary>Devices that take work; null if that cannot be told.</summary>
    internal async Task<int?> CountDevicesAsync(CancellationToken stop)
    {
        try
        {
            return (await ReadAsync(stop)).Sum(s => s.Devices.Length);
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Why a silo did not answer, in a few words: what Orleans says about a lost connection is for its log.</summary>
    internal static string ProblemOf(Exception exception) =>
        exception is TimeoutException or OrleansException ? "does not answer" : exception.Message.Split('\n')[0];

    private async Task<SiloView> DescribeAsync(
        IGrainFactory grains,
        IManagementGrain management,
        MembershipEntry host,
        CancellationToken stop
    )
    {
        var devices = ImmutableArray<DeviceState>.Empty;
        SiloRuntimeStatistics? statistics = null;
        var draining = false;
        var key = DeviceKeys.Silo(host.SiloName, host.SiloAddress.Generation);
        string? problem = null;
        if (host.Status == SiloStatus.Active)
        {
            try
            {
                var silo = grains.GetGrain<IDeviceHostGrain>(key);
                devices = await silo.GetDevices().WaitAsync(AnswerTime, time, stop);
                draining = await silo.IsDraining().WaitAsync(AnswerTime, time, stop);
                var all = await management.GetRuntimeStatistics([host.SiloAddress], stop).WaitAsync(AnswerTime, time, stop);
                statistics = all.FirstOrDefault();
            }
            catch (Exception exception) when (!stop.IsCancellationRequested)
            {
                problem = ProblemOf(exception);
            }
        }

        var usage = statistics?.EnvironmentStatistics;
        return new SiloView(
            host.SiloName,
            key,
            host.SiloAddress.ToString(),
            host.Status.ToString(),
            devices,
            new DateTimeOffset(host.StartTime, TimeSpan.Zero),
            new DateTimeOffset(host.IAmAliveTime, TimeSpan.Zero),
            usage?.RawMemoryUsageBytes,
            usage is { } u ? u.FilteredCpuUsagePercentage / 100.0 : null,
            draining,
            problem
        );
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The dashboard was used to drain silo {Silo}")]
    private static partial void LogDrained(ILogger logger, string silo);
}

/// <summary>There is no such silo.</summary>
internal sealed class SiloNotFoundException(string silo) : FreeMaskException($"There is no active silo '{silo}'.");
