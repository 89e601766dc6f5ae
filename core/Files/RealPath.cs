namespace FreeMask.Files;

/// <summary>
/// Paths without links. A link is resolved from the folder that it really lies in: .NET's own resolution takes <c>..</c> from the path by
/// which one came, which is another place where a folder on the way is a link too.
/// </summary>
internal static class RealPath
{
    // As Linux: more links than this are a circle.
    private const int MostLinks = 40;

    /// <summary>Where a file or folder really lies. Parts that do not exist stay as they are.</summary>
    /// <exception cref="FreeMaskException">Its links go in a circle.</exception>
    internal static string Of(string path)
    {
        var full = Path.GetFullPath(path);
        var (real, links) = (Path.GetPathRoot(full)!, 0);
        var rest = new Stack<string>(Parts(full[real.Length..]).Reverse());
        while (rest.TryPop(out var part))
        {
            if (part == ".") continue;
            if (part == "..")
            {
                real = Path.GetDirectoryName(real) ?? real;
                continue;
            }

            var next = Path.Combine(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MostLinks) throw new FreeMaskException($"{path} cannot be opened: its links go in a circle.");
            if (Path.IsPathRooted(target)) real = Path.GetPathRoot(Path.GetFullPath(target))!;
            foreach (var step in Parts(Path.IsPathRooted(target) ? target[Path.GetPathRoot(target)!.Length..] : target).Reverse())
                rest.Push(step);
        }

        return real;
    }

    private static string[] Parts(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
}
