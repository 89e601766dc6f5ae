using FreeMask.Files;

namespace FreeMask.Pipeline.Trainers;

/// <summary>
/// The working folder of one training program. A lock beside it tells that its training is under way; folders that a process left behind
/// when it died are removed by the next training.
/// </summary>
internal sealed class TrainerFolder : IDisposable
{
    private const string LockExtension = ".lock";

    private readonly FileStream _lock;

    private TrainerFolder(string path, FileStream folderLock) => (Path, _lock) = (path, folderLock);

    /// <summary>The full path.</summary>
    internal string Path { get; }

    /// <summary>Makes a folder below <paramref name="root"/>.</summary>
    /// <exception cref="FreeMaskException">It cannot be made.</exception>
    internal static TrainerFolder Create(string root)
    {
        try
        {
            PrivateFiles.CreateFolder(root);
            RemoveAbandoned(root);
            var path = System.IO.Path.Combine(root, System.IO.Path.GetRandomFileName());
            var folderLock = PrivateFiles.Open(path + LockExtension, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            PrivateFiles.CreateFolder(path);
            return new TrainerFolder(path, folderLock);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"The folder '{root}' for training programs cannot be written: {exception.Message}", exception);
        }
    }

    /// <summary>Removes the folder.</summary>
    public void Dispose()
    {
        TryDelete(Path);
        _lock.Dispose();
        TryDeleteFile(Path + LockExtension);
    }

    private static void RemoveAbandoned(string root)
    {
        foreach (var file in Directory.EnumerateFiles(root, "*" + LockExtension))
        {
            try
            {
                using var taken = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                TryDelete(file[..^LockExtension.Length]);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Its training is under way.
                continue;
            }

            TryDeleteFile(file);
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A program that was ended may still write; the next training removes what is left.
        }
    }

    private static void TryDeleteFile(string file)
    {
        // As long as the folder is there, its lock stays, so that a later training finds it.
        if (!Directory.Exists(file[..^LockExtension.Length])) File.Delete(file);
    }
}
