namespace FreeMask.Vision.Export;

/// <summary>A folder beside the target that becomes the target, or vanishes.</summary>
internal sealed class StagingFolder : IDisposable
{
    private readonly string _target;
    private readonly FileStream _lock;
    private bool _committed;

    internal StagingFolder(string target, bool overwrite)
    {
        _target = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(target));
        Path = _target + ".partial";
        if (File.Exists(_target)) throw new FreeMaskException($"{target} is a file; choose a folder.");
        if (Directory.Exists(_target) && Directory.EnumerateFileSystemEntries(_target).Any())
        {
            var ours = File.Exists(System.IO.Path.Combine(_target, DatasetExporter.ManifestName));
            if (!ours) throw new FreeMaskException($"{target} is not empty and holds no earlier export; choose a new or empty folder.");
            if (!overwrite) throw new FreeMaskException($"{target} already holds an export; choose another folder or ask to overwrite it.");
        }

        _lock = Lock(target, Path + ".lock");
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        Directory.CreateDirectory(Path);
    }

    internal string Path { get; }

    internal void Commit()
    {
        if (Directory.Exists(_target)) Directory.Delete(_target, recursive: true);
        Directory.Move(Path, _target);
        _committed = true;
    }

    public void Dispose()
    {
        if (!_committed && Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        _lock.Dispose();
    }

    // Two clients that follow one run end at the same moment, and would write into one folder. The lock goes with the process that has it.
    private static FileStream Lock(string target, string path)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw new FreeMaskException($"{target} is being written by another process; wait until it is done, or choose another folder.", exception);
        }
    }
}
