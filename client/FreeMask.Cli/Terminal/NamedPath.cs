namespace FreeMask.Cli.Terminal;

/// <summary>Paths in arguments.</summary>
internal static class NamedPath
{
    /// <summary>The full path.</summary>
    /// <param name="named">As the user wrote it, relative to the current folder.</param>
    /// <param name="what">The name of the argument for messages, such as <c>--out</c>.</param>
    /// <exception cref="FreeMaskException">It is empty or not a path.</exception>
    internal static string Full(string named, string what)
    {
        if (named.Length == 0) throw new FreeMaskException($"{what} is empty; name a path.");
        if (named.Contains('\0', StringComparison.Ordinal))
            throw new FreeMaskException($"{what} holds a character that no path can have (NUL); name another path.");
        return Path.GetFullPath(named);
    }

    /// <summary>The full path of an output file.</summary>
    /// <exception cref="FreeMaskException">It is empty, not a path, or a folder.</exception>
    internal static string File(string named, string what)
    {
        var path = Full(named, what);
        return Directory.Exists(path) || Path.EndsInDirectorySeparator(named)
            ? throw new FreeMaskException($"{what} {named} is a folder; name a file.")
            : path;
    }

    /// <summary>The path itself if it exists, or the nearest existing folder above it.</summary>
    internal static string Nearest(string path)
    {
        while (!Path.Exists(path) && Path.GetDirectoryName(path) is { } above) path = above;
        return path;
    }

    /// <summary>Checks write access: creates a file with a unique name in a folder and removes it.</summary>
    internal static void Probe(string folder)
    {
        using var probe = new FileStream(
            Path.Combine(folder, $".freemask-probe-{Guid.NewGuid():N}"),
            FileMode.CreateNew,
            FileAccess.Write,
            FileShare.None,
            1,
            FileOptions.DeleteOnClose
        );
        probe.WriteByte(0);
    }

    /// <summary>Whether the current folder of the process still exists; otherwise no relative path can be resolved.</summary>
    internal static bool HasCurrentFolder
    {
        get
        {
            try
            {
                return Directory.Exists(Directory.GetCurrentDirectory());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }
}
