namespace FreeMask.Cli.Terminal;

/// <summary>
/// The folder that holds runs: grain state, artifacts, data sets, reports, logs. <c>--data DIR</c> names it; without it the environment
/// variable
/// <c>FREEMASK_DATA</c>; without that <c>.freemask</c> in the current directory.
/// </summary>
internal sealed class DataFolder(string root)
{
    internal const string EnvironmentVariable = "FREEMASK_DATA";
    internal const string DefaultName = ".freemask";

    internal string Root { get; } = Path.GetFullPath(root);

    internal string Logs => Path.Combine(Root, "logs");

    internal bool Exists => Directory.Exists(Root);

    /// <summary>Free bytes of the disk of the folder; null if the system does not report them.</summary>
    internal long? FreeBytes
    {
        get
        {
            try
            {
                return new DriveInfo(NamedPath.Nearest(Root)).AvailableFreeSpace;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                return null;
            }
        }
    }

    internal static DataFolder Resolve(string? option, Func<string, string?> environment)
    {
        if (!string.IsNullOrWhiteSpace(option)) return new(option);
        var fromEnvironment = environment(EnvironmentVariable);
        return new(string.IsNullOrWhiteSpace(fromEnvironment) ? DefaultName : fromEnvironment);
    }
}
