using FreeMask.Grains;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Stages;
using FreeMask.Silo.Hosting;
using Microsoft.Extensions.Options;

namespace FreeMask.Silo.Devices;

/// <summary>The devices of this silo. Section <c>FreeMask:Devices</c>.</summary>
public sealed class DeviceOptions
{
    /// <summary>Names of devices: a kind (<c>cpu</c>, <c>cuda</c>, ...), with a number where there are several (<c>cuda:1</c>). Default: one <c>cpu</c>.</summary>
    public string[] Names { get; set; } = [];

    /// <summary>The names, or the default.</summary>
    internal string[] NamesOrDefault => Names is [] ? ["cpu"] : Names;
}

/// <summary>The devices that configuration names; none where the silo is not a worker. Each gets its runner when it first gets work.</summary>
internal sealed class ConfiguredDevices : ILocalDevices
{
    public ConfiguredDevices(IOptions<DeviceOptions> options, IOptions<SiloOptions> silo, ILocalSiloDetails self, IServiceProvider services)
    {
        var owner = DeviceKeys.Silo(self.Name, self.SiloAddress.Generation);
        var names = silo.Value.ParsedRoles.HasFlag(SiloRoles.Worker) ? options.Value.NamesOrDefault : [];
        Devices =
        [
            .. names.Distinct(StringComparer.Ordinal).Select(name => new LocalDevice(
                new DeviceAddress(DeviceKeys.Device(owner, name), name.Split(':')[0]),
                () => services.GetRequiredService<IStageRunnerFactory>().Create(name))),
        ];
    }

    /// <inheritdoc/>
    public IReadOnlyList<LocalDevice> Devices { get; }

    /// <inheritdoc/>
    public LocalDevice? Find(string key) => Devices.FirstOrDefault(d => d.Address.Key == key);
}
