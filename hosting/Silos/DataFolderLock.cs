using System.Text.Json;
using FreeMask.Files;

namespace FreeMask.Hosting.Silos;

/// <summary>Where the silo that uses a data folder can be reached.</summary>
/// <param name="Process">Its process id.</param>
/// <param name="GatewayPort">The port on loopback that clients connect to.</param>
public sealed record SiloAnnouncement(int Process, int GatewayPort);

/// <summary>
/// The right to use a data folder: an open file that the operating system closes when the process dies, however it dies. Beside it the
/// silo says where clients reach it.
/// </summary>
internal sealed class DataFolderLock : IDisposable
{
    private const string LockFile = "silo.lock", AnnouncementFile = "silo.json";

    private const int Attempts = 20;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(10);
    private static readonly ManualResetEvent Pause = new(false);

    private readonly FileStream _file;
    private readonly string _announcement;

    private DataFolderLock(FileStream file, string folder) => (_file, _announcement) = (file, Path.Combine(folder, AnnouncementFile));

    /// <summary>Takes the folder; makes it where absent.</summary>
    /// <exception cref="FreeMaskException">Another process has it, or it cannot be used.</exception>
    public static DataFolderLock Take(string folder)
    {
        var path = Path.GetFullPath(folder);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                PrivateFiles.CreateFolder(path);
                var file = PrivateFiles.Open(Path.Combine(path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return new DataFolderLock(file, path);
            }
            catch (IOException) when (attempt < Attempts && Find(folder) is null)
            {
                // A process that only asks whether the folder is taken holds the lock for a moment.
                Pause.WaitOne(Moment);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                var message = Find(folder) is { } other
                    ? $"The data folder '{path}' is in use by process {other.Process}; stop it, or use another folder."
                    : $"The data folder '{path}' cannot be used: {exception.Message}";
                throw new FreeMaskException(message, exception);
            }
        }
    }

    /// <summary>Whether a process has the folder now, announced or not.</summary>
    public static bool IsTaken(string folder)
    {
        var path = Path.Combine(Path.GetFullPath(folder), LockFile);
        try
        {
            if (!File.Exists(path)) return false;
            // A shared lock, so that those who ask do not disturb each other; it also works where the folder is not ours to write.
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

    /// <summary>The silo that has announced itself in a folder that is taken; null where the folder is free, or its owner has said nothing yet.</summary>
    public static SiloAnnouncement? Find(string folder) => IsTaken(folder) ? Read(Path.Combine(Path.GetFullPath(folder), AnnouncementFile)) : null;

    /// <summary>Says where the silo can be reached.</summary>
    public void Announce(int gatewayPort)
    {
        var incoming = $"{_announcement}.new";
        using (var file = PrivateFiles.Open(incoming, FileMode.Create, FileAccess.Write, FileShare.None))
            JsonSerializer.Serialize(file, new SiloAnnouncement(Environment.ProcessId, gatewayPort));
        File.Move(incoming, _announcement, overwrite: true);
    }

    /// <summary>Gives the folder back.</summary>
    public void Dispose()
    {
        try
        {
            File.Delete(_announcement);
        }
        catch (IOException)
        {
            // It says nothing without the lock.
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
