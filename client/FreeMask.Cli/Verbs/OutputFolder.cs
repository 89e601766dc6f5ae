using FreeMask.Vision;

namespace FreeMask.Cli.Verbs;

/// <summary>The folder that a verb writes to, made before the work begins: what cannot be written should not be computed first.</summary>
internal static class OutputFolder
{
    /// <summary>The full path.</summary>
    /// <exception cref="FreeMaskException">It is a file, or cannot be made.</exception>
    internal static string Make(string named)
    {
        var folder = Path.GetFullPath(named);
        try
        {
            return Directory.CreateDirectory(folder).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"--out {named} cannot be a folder to write to: {e.Message}", e);
        }
    }
}
