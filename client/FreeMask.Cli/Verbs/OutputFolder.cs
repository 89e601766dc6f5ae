using FreeMask.Cli.Terminal;
using FreeMask.Vision;

namespace FreeMask.Cli.Verbs;

/// <summary>The folder that a verb writes to, made before the work begins: what cannot be written should not be computed first.</summary>
internal static class OutputFolder
{
    /// <summary>The full path.</summary>
    /// <exception cref="FreeMaskException">It is a file, or cannot be made.</exception>
    internal static string Make(string named)
    {
        var folder = NamedPath.Full(named, "--out");
        try
        {
            return Directory.CreateDirectory(folder).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"--out {named} cannot be a folder to write to: {IoFault.Of(e)!.Message}", e);
        }
    }

    /// <summary>The full path, made nowhere: the nearest folder above it that exists can be written to.</summary>
    /// <exception cref="FreeMaskException">It is below a file, or nothing can be written there.</exception>
    internal static string Check(string named)
    {
        var folder = NamedPath.Full(named, "--out");
        var there = folder;
        while (!Directory.Exists(there) && !File.Exists(there) && Path.GetDirectoryName(there) is { } above) there = above;
        if (there != folder && File.Exists(there)) throw new FreeMaskException($"--out {named} lies below {there}, which is a file; name another folder.");
        if (!Directory.Exists(there)) return folder;
        var probe = Path.Combine(there, $".freemask-export-{Guid.NewGuid():N}");
        try
        {
            using (new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
                return folder;
        }
        catch (Exception e) when (IoFault.Of(e) is not null)
        {
            throw new FreeMaskException($"--out {named}: nothing can be written in {there}: {e.Message.TrimEnd('.')}. Name another folder.", e);
        }
    }
}
