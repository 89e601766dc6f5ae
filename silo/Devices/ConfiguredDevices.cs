using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Stages;
using Microsoft.Extensions.Options;

namespace FreeMask.Silo.Devices;

/// <summary>The devices of this silo. Section <c>FreeMask:Devices</c>.</summary>
public sealed class DeviceOptions
{
    /// <summary>The name under which this silo's devices are known. Default <c>local</c>.</summary>
    [Required, RegularExpression("[A-Za-z0-9._-]+")]
    public string Silo { get; set; } = "local";

    /// <summary>Names of devices: a kind (<c>cpu</c>, <c>cuda</c>, ...), with a number where there are several (<c>cuda:1</c>). Default: one <c>cpu</c>.</summary>
    [MinLength(1)]
    public string[] Names { get; set; } = ["cpu"];
}

/// <summary>Gives each device of this silo its runner, made when it is first asked for.</summary>
internal sealed class ConfiguredDevices : IDeviceDirectory, ILocalDevices
{
    private readonly ConcurrentDictionary<string, Lazy<LocalDevice>> _open = new(StringComparer.Ordinal);

    public ConfiguredDevices(IOptions<DeviceOptions> options, IStageRunnerFactory runners)
    {
        var addresses = options.Value.Names.Distinct(StringComparer.Ordinal)
            .Select(name => (Name: name, Address: new DeviceAddress($"{options.Value.Silo}/{name}", name.Split(':')[0])))
            .ToArray();
        Devices = [.. addresses.Select(a => a.Address)];
        foreach (var (name, address) in addresses)
            _open[address.Key] = new Lazy<LocalDevice>(() => new LocalDevice(address, runners.Create(name)));
    }

    /// <inheritdoc/>
    public IReadOnlyList<DeviceAddress> Devices { get; }

    /// <inheritdoc/>
    public LocalDevice? Find(string key) => _open.TryGetValue(key, out var device) ? device.Value : null;
}
