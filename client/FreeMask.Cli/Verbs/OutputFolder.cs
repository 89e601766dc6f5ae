using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Verbs;

/// <summary>The folder that a verb writes to, looked at before the work begins: what cannot be written should not be computed first.</summary>
internal static class OutputFolder
{
    /// <summary>The full path of the folder, which is made where it is absent.</summary>
    /// <exception cref="FreeMaskException">It is a file, or cannot be made.</exception>
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

    /// <summary>The full path, made nowhere: the nearest folder above it that exists can be written to.</summary>
    /// <exception cref="FreeMaskException">It is a file or below one, or nothing can be written there.</exception>
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
            throw new FreeMaskException($"--out {named}: nothing can be written in {there}: {e.Message.TrimEnd('.')}. Name another folder.", e);
        }
    }
}
