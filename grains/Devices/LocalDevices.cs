using FreeMask.Grains.Stages;

namespace FreeMask.Grains.Devices;

/// <summary>A device of the cluster.</summary>
/// <param name="Key">The key of its worker: <c>silo@generation/device</c>.</param>
/// <param name="Kind">Its kind, such as <c>cpu</c> or <c>cuda</c>.</param>
internal sealed record DeviceAddress(string Key, string Kind);

/// <summary>The devices of the cluster that take work.</summary>
internal interface IDeviceDirectory
{
    /// <summary>All devices that take work; changes between calls.</summary>
    IReadOnlyList<DeviceState> Devices { get; }

    /// <summary>Whether each silo of the cluster has said which devices it has, or is lost.</summary>
    bool IsComplete { get; }

    /// <summary>
    /// Whether a device is lost: its silo is dead, or has not answered for the device-lost timeout. No
    /// result will come from it.
    /// </summary>
    bool IsLost(string key);
}

/// <summary>The devices of this silo.</summary>
internal interface ILocalDevices
{
    /// <summary>All of them.</summary>
    IReadOnlyList<LocalDevice> Devices { get; }

    /// <summary>A device; null if this silo does not have it.</summary>
    LocalDevice? Find(string key);
}

/// <summary>A device of this silo.</summary>
/// <param name="address">Its address.</param>
/// <param name="open">Creates its stage runner; called once, when the device first gets work.</param>
/// <param name="time">The clock of <see cref="Batches"/>.</param>
internal sealed class LocalDevice(DeviceAddress address, Func<IStageRunner> open, TimeProvider time)
{
    private readonly Lazy<IStageRunner> _runner = new(open);
    private volatile int _queued, _running;
    private volatile bool _hangs;

    /// <summary>Its address.</summary>
    public DeviceAddress Address => address;

    /// <summary>Its stage runner.</summary>
    public IStageRunner Runner => _runner.Value;

    /// <summary>Its recent batches.</summary>
    public RecentBatches Batches { get; } = new(time);

    /// <summary>Queued samples.</summary>
    public int Queued
    {
        get => _queued;
        set => _queued = value;
    }

    /// <summary>Samples in running batches.</summary>
    public int Running
    {
        get => _running;
        set => _running = value;
    }

    /// <summary>Whether a batch of the device timed out. It takes no work until that batch returns.</summary>
    public bool Hangs
    {
        get => _hangs;
        set => _hangs = value;
    }
}

/// <summary>Whether this silo takes work. Once draining, a silo stays so.</summary>
internal sealed class SiloDrainState
{
    private volatile bool _leaving;

    /// <summary>Whether the silo drains before its shutdown.</summary>
    public bool IsDraining => _leaving;

    /// <summary>Starts draining.</summary>
    public void Begin() => _leaving = true;
}
