using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;

namespace FreeMask.Grains.Tests.Rounds;

/// <summary>Devices that a test named.</summary>
internal sealed class FakeDevices(params string[] keys) : IDeviceDirectory
{
    public HashSet<string> Lost { get; } = [];

    public IReadOnlyList<DeviceState> Devices => [.. keys.Where(k => !Lost.Contains(k)).Select(k => new DeviceState(k, "cpu", 0))];

    public bool IsComplete { get; set; } = true;

    public bool IsLost(string key) => Lost.Contains(key);
}
