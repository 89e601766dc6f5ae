using System.ComponentModel.DataAnnotations;
using FreeMask.Grains;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Configuration;
using FreeMask.Onnx;
using Microsoft.Extensions.Options;

namespace FreeMask.Hosting.Devices;

/// <summary>The devices of this silo. Section <c>FreeMask:Devices</c>.</summary>
internal sealed class DeviceOptions
{
    /// <summary>
    /// Names of devices: a kind (<c>cpu</c>, <c>cuda</c>, ...), with a number if there are several (<c>cuda:1</c>). Default: one
    /// <c>cpu</c>.
    /// </summary>
    public string[] Names { get; set; } = [];

    /// <summary>Where segmenters are trained: <c>cpu</c> (the default), <c>cuda</c> or <c>cuda:1</c>.</summary>
    public string Training { get; set; } = "cpu";

    /// <summary>Threads inside one operator of a model; 0 (the default) for one per core.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>
    /// Maximum megabytes of device memory for one model's arena on <c>cuda</c> and <c>tensorrt</c>; 0 (the default) for no limit.
    /// </summary>
    [Range(0, 1 << 20)]
    public int ArenaMegabytes { get; set; }

    /// <summary>A folder that caches models as ONNX Runtime optimized them for this machine; null for none.</summary>
    public string? OptimizedGraphs { get; set; }

    /// <summary>
    /// Options of execution providers by kind, such as <c>FreeMask:Devices:Providers:cuda:cudnn_conv_algo_search</c>; passed on unchanged.
    /// </summary>
    public Dictionary<string, Dictionary<string, string>> Providers { get; set; } = [];

    /// <summary>How models run on a device.</summary>
    internal OnnxSessionOptions SessionsOf(string name)
    {
        var parts = name.Split(':', 2);
        var options = new Dictionary<string, string>(
            Providers.FirstOrDefault(p => string.Equals(p.Key, parts[0], StringComparison.OrdinalIgnoreCase)).Value ?? []
        );
        if (parts.Length > 1) options["device_id"] = parts[1];
        return new OnnxSessionOptions
        {
            Provider = parts[0],
            ProviderOptions = options,
            Threads = Threads,
            ArenaMegabytes = ArenaMegabytes,
            OptimizedGraphs = OptimizedGraphs,
        };
    }

    /// <summary>The names, or the default.</summary>
    internal string[] NamesOrDefault => Names is [] ? ["cpu"] : Names;
}

/// <summary>The configured devices; none if the silo has no worker role. Each gets its stage runner when it first gets work.</summary>
internal sealed class ConfiguredDevices : ILocalDevices
{
    public ConfiguredDevices(
        IOptions<DeviceOptions> options,
        IOptions<FreeMaskOptions> silo,
        ILocalSiloDetails self,
        IServiceProvider services,
        TimeProvider time
    )
    {
        var owner = DeviceKeys.Silo(self.Name, self.SiloAddress.Generation);
        var names = silo.Value.ParsedRoles.HasFlag(SiloRoles.Worker) ? options.Value.NamesOrDefault : [];
        Devices =
        [
            .. names.Distinct(StringComparer.Ordinal).Select(name => new LocalDevice(
                new DeviceAddress(DeviceKeys.Device(owner, name), name.Split(':')[0]),
                () => services.GetRequiredService<IStageRunnerFactory>().Create(name),
                time)),
        ];
    }

    /// <inheritdoc/>
    public IReadOnlyList<LocalDevice> Devices { get; }

    /// <inheritdoc/>
    public LocalDevice? Find(string key) => Devices.FirstOrDefault(d => d.Address.Key == key);
}
