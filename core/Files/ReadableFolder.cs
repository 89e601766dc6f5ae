namespace FreeMask.Files;

/// <summary>Folders whose files are about to be read.</summary>
internal static class ReadableFolder
{
    /// <summary>
    /// Makes sure that a folder can be listed and its files be reached. Without the right to, the system says of every file in it that it
    /// does not exist, which would be reported as missing.
    /// </summary>
    /// <exception cref="FreeMaskException">It is absent, no folder, or may not be read.</exception>
    public static void Require(string folder)
    {
        if (File.Exists(folder)) throw new FreeMaskException($"{folder} is a file; a folder is needed here.");
        if (!Directory.Exists(folder)) throw new FreeMaskException($"The folder {folder} does not exist.");
        try
        {
            if (Directory.EnumerateFileSystemEntries(folder).FirstOrDefault() is { } entry) File.GetAttributes(entry);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new FreeMaskException(
                $"The folder {folder} cannot be read: permission denied. Give this user the right to list and open what is in it.",
                e
            );
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new FreeMaskException($"The folder {folder} cannot be read: {e.Message}", e);
        }
    }
}
