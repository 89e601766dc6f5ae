namespace FreeMask.Files;

/// <summary>Files and folders that only the user who made them may read: state, logs, and prompts are nobody else's business. Windows goes
/// by the folder above.</summary>
internal static class PrivateFiles
{
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnFolder = OwnFile | UnixFileMode.UserExecute;

    /// <summary>Makes a folder with mode 0700 where it is absent, and the folders above it as usual. A folder that is there keeps its
    /// mode.</summary>
    public static void CreateFolder(string path)
    {
        if (Directory.Exists(path)) return;
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } above) Directory.CreateDirectory(above);
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, OwnFolder);
    }

    /// <summary>Opens a file; where this makes it, with mode 0600.</summary>
    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share };
        if (!OperatingSystem.IsWindows() && mode is not (FileMode.Open or FileMode.Truncate)) options.UnixCreateMode = OwnFile;
        return new FileStream(path, options);
    }

    /// <summary>Makes an empty file with mode 0600 where it is absent, for a library that would make it readable for all.</summary>
    public static void Touch(string path)
    {
        if (!File.Exists(path)) Open(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
    }
}
