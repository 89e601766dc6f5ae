namespace FreeMask.Vision.Export;

/// <summary>
/// A folder of its own inside the target, whose contents become the target's, or vanish. Inside, so that nothing has to cross from one file
/// system to another where the target is a mount point, and nothing beside the target is touched.
/// </summary>
internal sealed class StagingFolder : IDisposable
{
    private readonly ExportFolder _target;
    private readonly FileStream _lock;
    private readonly bool _isNew;

    internal StagingFolder(string target, bool overwrite)
    {
        _target = new(target);
        _target.RequireFree(overwrite);
        _isNew = !Directory.Exists(_target.Path);
        Directory.CreateDirectory(_target.Path);
        _lock = Lock(target, _target[ExportFolder.WorkPrefix + "lock"]);
        Path = _target[ExportFolder.WorkPrefix + Guid.NewGuid().ToString("N")];
        try
        {
            _target.RequireFree(overwrite);
            _target.RemoveLeftovers();
            Directory.CreateDirectory(Path);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal string Path { get; }

    internal void Commit() => _target.Fill(Path);

    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        _lock.Dispose();
        if (_isNew && Directory.Exists(_target.Path) && !Directory.EnumerateFileSystemEntries(_target.Path).Any())
            Directory.Delete(_target.Path);
    }

    // Two clients that follow one run end at the same moment, and would write into one folder. The lock goes with the process that has it.
    private static FileStream Lock(string target, string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw new ExportBusyException(
                $"{target} is being written by another process; wait until it is done, or choose another folder.",
                exception
            );
        }
    }
}
