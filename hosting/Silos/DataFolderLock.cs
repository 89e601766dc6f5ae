using System.Text.Json;
using FreeMask.Files;
using Polly;
using Polly.Retry;

namespace FreeMask.Hosting.Silos;

/// <summary>The address of the silo that uses a data folder.</summary>
/// <param name="Process">Its process id.</param>
/// <param name="GatewayPort">The loopback port for clients.</param>
internal sealed record SiloAnnouncement(int Process, int GatewayPort);

/// <summary>
/// The lock of a data folder: an open file that the operating system closes when the process dies. Beside it the silo publishes its
/// address for clients.
/// </summary>
internal sealed class DataFolderLock : IDisposable
{
    private const string LockFile = "silo.lock", AnnouncementFile = "silo.json";

    // A process that only checks the lock holds it for a moment, and has not announced itself.
    private static readonly ResiliencePipeline Retries = new ResiliencePipelineBuilder()
        .AddRetry(
            new RetryStrategyOptions
            {
                MaxRetryAttempts = 19,
                Delay = TimeSpan.FromMilliseconds(10),
                ShouldHandle = new PredicateBuilder().Handle<IOException>(),
            }
        )
        .Build();

    private readonly FileStream _file;
    private readonly string _announcement;

    private DataFolderLock(FileStream file, string folder) => (_file, _announcement) = (file, Path.Combine(folder, AnnouncementFile));

    /// <summary>Locks the folder and creates it if necessary.</summary>
    /// <exception cref="FreeMaskException">Another process has locked it, or it cannot be used.</exception>
    public static DataFolderLock Take(string folder)
    {
        var path = Path.GetFullPath(folder);
        try
        {
            return new DataFolderLock(Retries.Execute(static path => Open(path), path), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"The data folder '{path}' cannot be used: {exception.Message}", exception);
        }
    }

    private static FileStream Open(string folder)
    {
        try
        {
            PrivateFiles.CreateFolder(folder);
            return PrivateFiles.Open(Path.Combine(folder, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (Find(folder) is { } other)
        {
            throw new FreeMaskException(
                $"The data folder '{folder}' is in use by process {other.Process}; stop it, or use another folder.",
                exception
            );
        }
    }

    /// <summary>Whether a process has locked the folder, published or not.</summary>
    public static bool IsTaken(string folder)
    {
        var path = Path.Combine(Path.GetFullPath(folder), LockFile);
        try
        {
            if (!File.Exists(path)) return false;
            // A shared lock, so that checks do not block each other; it also works without write access.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The published address of a locked folder; null if the folder is free, or its owner has not published yet.</summary>
    public static SiloAnnouncement? Find(string folder) =>
        IsTaken(folder) ? Read(Path.Combine(Path.GetFullPath(folder), AnnouncementFile)) : null;

    /// <summary>Publishes the silo's address.</summary>
    public void Announce(int gatewayPort)
    {
        var incoming = $"{_announcement}.new";
        using (var file = PrivateFiles.Open(incoming, FileMode.Create, FileAccess.Write, FileShare.None))
            JsonSerializer.Serialize(file, new SiloAnnouncement(Environment.ProcessId, gatewayPort));
        File.Move(incoming, _announcement, overwrite: true);
    }

    /// <summary>Releases the folder.</summary>
    public void Dispose()
    {
        try
        {
            File.Delete(_announcement);
        }
        catch (IOException)
        {
            // Without the lock the published address is ignored.
        }

        _file.Dispose();
    }

    private static SiloAnnouncement? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<SiloAnnouncement>(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }
}
