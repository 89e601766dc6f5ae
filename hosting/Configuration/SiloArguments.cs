namespace FreeMask.Hosting.Configuration;

/// <summary>The arguments of the silo program: configuration files (<c>--config</c>) and settings.</summary>
/// <param name="ConfigFiles">Configuration files; later ones win.</param>
/// <param name="Settings">Settings as <c>--Key=value</c>.</param>
/// <param name="Help">Whether help is asked for.</param>
/// <param name="Probe">An address to ask for instead of running a silo; null to run one.</param>
internal sealed record SiloArguments(IReadOnlyList<string> ConfigFiles, string[] Settings, bool Help, string? Probe = null)
{
    /// <summary>The help text.</summary>
    public const string Usage = """
        usage: freemask-silo [--config FILE]... [--KEY=VALUE]...
               freemask-silo --probe URL

          --config FILE   a JSON file of settings; later files win over earlier ones
          --KEY=VALUE     one setting, such as --FreeMask:Roles=worker or --Orleans:Name=silo-1; wins over files and environment variables
          --probe URL     ask a silo for its health and end, with exit code 0 if the answer is a success

        Environment variables are settings too, with __ for each colon: Orleans__Name, or FREEMASK_Orleans__Name, which wins.
        Without settings the silo stands alone and keeps its state in the data folder of its user. docs/deploy.md explains all keys.
        """;

    // A key that is not read would be ignored silently.
    private static readonly string[] Roots =
        ["FreeMask", "Orleans", "ConnectionStrings", "Logging", "Urls", "Kestrel", "AllowedHosts", "Environment", "OTEL_"];

    /// <summary>Reads the arguments.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="sections">Sections that the program reads in addition to the silo's.</param>
    /// <exception cref="FreeMaskException">An argument is not valid; the message names it.</exception>
    public static SiloArguments Parse(string[] args, params string[] sections)
    {
        string[] roots = [.. Roots, .. sections];
        var (files, settings, help, probe) = (new List<string>(), new List<string>(), false, (string?)null);
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] is "--help" or "-h" or "-?")
            {
                help = true;
                continue;
            }

            if (!args[i].StartsWith("--", StringComparison.Ordinal))
                throw new FreeMaskException(
                    $"'{args[i]}' is not understood: arguments are --config FILE or --KEY=VALUE. --help says more."
                );
            var (key, value) = args[i].IndexOf('=', StringComparison.Ordinal) is > 0 and var at
                ? (args[i][2..at], args[i][(at + 1)..])
                : (args[i][2..], null);
            if (value is null && (++i == args.Length || args[i].StartsWith("--", StringComparison.Ordinal)))
                throw new FreeMaskException(
                    $"--{key} needs {Needed(key)}. --help says more.");
            value ??= args[i];
            if (key == "config") files.Add(value);
            else if (key == "probe") probe = value;
            else settings.Add($"--{Known(key, roots)}={value}");
        }

        return new SiloArguments(files, [.. settings], help, probe);
    }

    private static string Needed(string key) => key switch { "config" => "the name of a file", "probe" => "an address", _ => "a value" };

    private static string Known(string key, string[] roots)
    {
        var root = key.Split(':')[0];
        return roots.Any(r =>
            r.EndsWith('_') ? root.StartsWith(r, StringComparison.OrdinalIgnoreCase) : root.Equals(r, StringComparison.OrdinalIgnoreCase)
        )
            ? key
            : throw new FreeMaskException(
                $"--{key} is not a setting: keys begin with {string.Join(", ", roots.Where(r => !r.EndsWith('_')))}. --help says more."
            );
    }
}
