using System.Text.Json;
using FreeMask.Vision;
using FreeMask.Vision.Files;

namespace FreeMask.Silo.Hosting;

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

    private readonly FileStream _file;
    private readonly string _announcement;

    private DataFolderLock(FileStream file, string folder) => (_file, _announcement) = (file, Path.Combine(folder, AnnouncementFile));

    /// <summary>Takes the folder; makes it where absent.</summary>
    /// <exception cref="FreeMaskException">Another process has it, or it cannot be used.</exception>
    public static DataFolderLock Take(string folder)
    {
        var path = Path.GetFullPath(folder);
        try
        {
            PrivateFiles.CreateFolder(path);
            var file = PrivateFiles.Open(Path.Combine(path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new DataFolderLock(file, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var message = Find(folder) is { } other
                ? $"The data folder '{path}' is in use by process {other.Process}; stop it, or use another folder."
                : $"The data folder '{path}' cannot be used: {exception.Message}";
            throw new FreeMaskException(message, exception);
        }
    }

    /// <summary>Finds the silo that uses a folder; null where none does.</summary>
    public static SiloAnnouncement? Find(string folder)
    {
        try
        {
            var path = Path.Combine(Path.GetFullPath(folder), LockFile);
            if (!File.Exists(path)) return null;
            using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                return null;
        }
        catch (IOException)
        {
            return Read(Path.Combine(Path.GetFullPath(folder), AnnouncementFile));
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

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
