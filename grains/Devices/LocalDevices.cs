using FreeMask.Grains.Stages;

namespace FreeMask.Grains.Devices;

/// <summary>A device somewhere in the cluster.</summary>
/// <param name="Key">The key of its worker: <c>silo/device</c>.</param>
/// <param name="Kind">Its kind, such as <c>cpu</c> or <c>cuda</c>.</param>
public sealed record DeviceAddress(string Key, string Kind);

/// <summary>The devices that work can be given to now.</summary>
public interface IDeviceDirectory
{
    /// <summary>All devices; the list may change from call to call.</summary>
    IReadOnlyList<DeviceAddress> Devices { get; }
}

/// <summary>The devices of this silo.</summary>
public interface ILocalDevices
{
    /// <summary>Opens a device; null where this silo does not have it.</summary>
    LocalDevice? Find(string key);
}

/// <summary>A device of this silo.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Runner">What works on it.</param>
public sealed record LocalDevice(DeviceAddress Address, IStageRunner Runner);
