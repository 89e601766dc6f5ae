using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace FreeMask.Cli.Runs;

/// <summary>The devices of an embedded silo and how they work: what a silo of a cluster reads from its configuration.</summary>
internal static class DeviceSettings
{
    private const string Names = "FreeMask:Devices:Names";

    // The settings of a silo that make sense for one that lives as long as a command; where its state and artifacts are, --data says.
    private static readonly string[] Sections = ["FreeMask:Devices", "FreeMask:DeviceWorker", "FreeMask:Collection", "FreeMask:Coordination"];

    /// <summary>Settings from environment variables, such as <c>FREEMASK_FreeMask__Devices__Threads</c>.</summary>
    /// <param name="devices">Devices that arguments name; they take the place of those that the environment names.</param>
    internal static Dictionary<string, string?> Of(IReadOnlyList<string> devices) => Of(devices, new ConfigurationBuilder().AddEnvironmentVariables("FREEMASK_").Build());

    internal static Dictionary<string, string?> Of(IReadOnlyList<string> devices, IConfiguration environment)
    {
        var settings = Sections.SelectMany(s => environment.GetSection(s).AsEnumerable())
            .Where(s => s.Value is not null && (devices.Count == 0 || !s.Key.StartsWith(Names, StringComparison.OrdinalIgnoreCase)))
            .ToDictionary(s => s.Key, s => s.Value, StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < devices.Count; i++) settings[string.Create(CultureInfo.InvariantCulture, $"{Names}:{i}")] = devices[i];
        return settings;
    }
}
