using System.Collections.Immutable;
using FreeMask.Grains.Stages;

namespace FreeMask.Grains.Devices;

/// <summary>Reports the devices of its silo.</summary>
[PlaceOnOwnSilo, KeepAlive]
internal sealed class DeviceHostGrain(ILocalDevices devices, IComputeEnvironment environment, SiloDrainState drain)
    : Grain,
        IDeviceHostGrain
{
    public Task<ImmutableArray<DeviceState>> GetDevices() => Task.FromResult<ImmutableArray<DeviceState>>(drain.IsDraining
        ? []
        : [.. devices.Devices.Where(d => !d.Hangs).Select(d => new DeviceState(d.Address.Key, d.Address.Kind, d.Queued + d.Running))]);

    public Task<SiloEnvironment> GetEnvironment(string model) => environment.DescribeAsync(model, CancellationToken.None);
}
