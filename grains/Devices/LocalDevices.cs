using FreeMask.Grains.Stages;

namespace FreeMask.Grains.Devices;

/// <summary>A device somewhere in the cluster.</summary>
/// <param name="Key">The key of its worker: <c>silo@generation/device</c>.</param>
/// <param name="Kind">Its kind, such as <c>cpu</c> or <c>cuda</c>.</param>
public sealed record DeviceAddress(string Key, string Kind);

/// <summary>The devices that work can be given to now.</summary>
public interface IDeviceDirectory
{
    /// <summary>All devices that take work; the list changes from call to call.</summary>
    IReadOnlyList<DeviceState> Devices { get; }

    /// <summary>Whether nothing will ever come from a device any more: its silo is dead, or was not heard of for so long that it counts as dead.</summary>
    bool IsLost(string key);
}

/// <summary>The devices of this silo.</summary>
public interface ILocalDevices
{
    /// <summary>All of them.</summary>
    IReadOnlyList<LocalDevice> Devices { get; }

    /// <summary>A device; null where this silo does not have it.</summary>
    LocalDevice? Find(string key);
}

/// <summary>A device of this silo.</summary>
/// <param name="address">Its address.</param>
/// <param name="open">Opens what works on it; called once, when the device first gets work.</param>
public sealed class LocalDevice(DeviceAddress address, Func<IStageRunner> open)
{
    private readonly Lazy<IStageRunner> _runner = new(open);
    private volatile int _queued, _running;
    private volatile bool _hangs;

    /// <summary>Its address.</summary>
    public DeviceAddress Address => address;

    /// <summary>What works on it.</summary>
    public IStageRunner Runner => _runner.Value;

    /// <summary>Samples that wait for it.</summary>
    public int Queued
    {
        get => _queued;
        set => _queued = value;
    }

    /// <summary>Samples in batches under way.</summary>
    public int Running
    {
        get => _running;
        set => _running = value;
    }

    /// <summary>Whether it has not come back from a batch for too long; it takes no work until it does.</summary>
    public bool Hangs
    {
        get => _hangs;
        set => _hangs = value;
    }
}

/// <summary>Whether this silo takes work; it stops doing so for good when it is about to leave.</summary>
public sealed class SiloDrainState
{
    private volatile bool _leaving;

    /// <summary>True once the silo is about to leave.</summary>
    public bool IsDraining => _leaving;

    /// <summary>Says that the silo is about to leave.</summary>
    public void Begin() => _leaving = true;
}
