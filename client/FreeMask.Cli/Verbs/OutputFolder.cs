using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Verbs;

/// <summary>The output folder of a verb, checked before the work begins.</summary>
internal static class OutputFolder
{
    /// <summary>The full path of the folder, which is created if absent.</summary>
    /// <exception cref="FreeMaskException">It is a file, or cannot be created.</exception>
    internal static string Make(string named)
    {
        var folder = Check(named);
        try
        {
            return Directory.CreateDirectory(folder).FullName;
        }
        catch (Exception e) when (FileAccessError.Of(e) is { } fault)
        {
            throw new FreeMaskException($"--out {named} cannot be a folder to write to: {fault.Message}", e);
        }
    }

    /// <summary>The full path, without creating it: the nearest existing folder above must be writable.</summary>
    /// <exception cref="FreeMaskException">It is a file or below one, or is not writable.</exception>
    internal static string Check(string named)
    {
        var folder = NamedPath.Full(named, "--out");
        if (File.Exists(folder)) throw new FreeMaskException($"--out {named} cannot be a folder to write to: it is a file. Name a folder.");
        var there = NamedPath.Nearest(folder);
        if (File.Exists(there)) throw new FreeMaskException($"--out {named} lies below {there}, which is a file; name another folder.");
        try
        {
            NamedPath.Probe(there);
            return folder;
        }
        catch (Exception e) when (FileAccessError.Of(e) is not null)
        {
            throw new FreeMaskException(
                $"--out {named}: nothing can be written in {there}: {e.Message.TrimEnd('.')}. Name another folder.",
                e
            );
        }
    }
}
