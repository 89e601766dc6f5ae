using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>
/// The devices of a silo; the key is <c>silo@generation</c>, and the grain is placed on that silo. An answer is also the sign that the
/// silo is alive.
/// </summary>
[Alias("freemask.IDeviceHostGrain")]
public interface IDeviceHostGrain : IGrainWithStringKey
{
    /// <summary>The devices that take work now; none if the silo has none, or shuts down.</summary>
    [Alias("GetDevices"), AlwaysInterleave, ResponseTimeout("00:00:03")]
    Task<ImmutableArray<DeviceState>> GetDevices();

    /// <summary>
    /// Takes the silo's devices out of work until the silo is restarted: queued samples are given back at once, and running batches are
    /// finished. Grains and trainings stay. Returns before the devices are empty; repeated calls change nothing.
    /// </summary>
    [Alias("Drain"), AlwaysInterleave]
    Task Drain();

    /// <summary>Whether the silo's devices take no work any more, because the silo is drained or shuts down.</summary>
    [Alias("IsDraining"), AlwaysInterleave, ResponseTimeout("00:00:03")]
    Task<bool> IsDraining();

    /// <summary>The silo's environment. The first answer about a bundle takes as long as hashing it.</summary>
    /// <param name="model">The bundle as a run names it.</param>
    [Alias("GetEnvironment"), AlwaysInterleave, ResponseTimeout("00:05:00")]
    Task<SiloEnvironment> GetEnvironment(string model);
}

/// <summary>A device that takes work.</summary>
/// <param name="Key">The key of its worker.</param>
/// <param name="Kind">Its kind, such as <c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Outstanding">Samples that it has, queued or in batches.</param>
[GenerateSerializer, Immutable, Alias("freemask.DeviceState")]
public sealed record DeviceState([property: Id(0)] string Key, [property: Id(1)] string Kind, [property: Id(2)] int Outstanding);
