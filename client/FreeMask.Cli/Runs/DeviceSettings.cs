using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace FreeMask.Cli.Runs;

/// <summary>The device settings of an embedded silo, which a silo of a cluster reads from its configuration.</summary>
internal static class DeviceSettings
{
    private const string Names = "FreeMask:Devices:Names", Training = "FreeMask:Devices:Training";

    // The settings that apply to a silo that lives as long as a command; --data sets the location of state and artifacts.
    private static readonly string[] Sections =
    [
        "FreeMask:Devices",
        "FreeMask:DeviceWorker",
        "FreeMask:Collection",
        "FreeMask:Coordination",
        "FreeMask:OrleansDashboard",
    ];

    /// <summary>Settings from environment variables, such as <c>FREEMASK_FreeMask__Devices__Threads</c>.</summary>
    /// <param name="devices">Devices from arguments; they replace those of the environment.</param>
    /// <param name="training">The device for training from arguments, likewise; null for none.</param>
    internal static Dictionary<string, string?> Of(IReadOnlyList<string> devices, string? training) =>
        Of(devices, training, new ConfigurationBuilder().AddEnvironmentVariables("FREEMASK_").Build());

    internal static Dictionary<string, string?> Of(IReadOnlyList<string> devices, string? training, IConfiguration environment)
    {
        var settings = Sections.SelectMany(s => environment.GetSection(s).AsEnumerable())
            .Where(s => s.Value is not null && (devices.Count == 0 || !s.Key.StartsWith(Names, StringComparison.OrdinalIgnoreCase)))
            .ToDictionary(s => s.Key, s => s.Value, StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < devices.Count; i++) settings[string.Create(CultureInfo.InvariantCulture, $"{Names}:{i}")] = devices[i];
        if (training is not null) settings[Training] = training;
        return settings;
    }
}
