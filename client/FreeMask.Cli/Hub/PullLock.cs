using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FreeMask.Files;

namespace FreeMask.Cli.Hub;

/// <summary>A downloaded file.</summary>
/// <param name="Path">In the bundle's folder, with forward slashes.</param>
/// <param name="Source">In the repository.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">Of its content.</param>
internal sealed record PulledFile(string Path, string Source, long Size, string Sha256);

/// <summary>The source and files of a downloaded bundle: <c>freemask.lock.json</c> in its folder.</summary>
/// <param name="Repository">As <c>owner/name</c>.</param>
/// <param name="Revision">As requested.</param>
/// <param name="Commit">The commit of the revision.</param>
/// <param name="Files">All files, by path.</param>
internal sealed record PullLock(string Repository, string Revision, string Commit, IReadOnlyList<PulledFile> Files)
{
    internal const string FileName = "freemask.lock.json";

    // The marker of an unfinished download.
    private const string BegunName = "freemask.pull.json", Index = ModelFileNames.DiffusionIndex;

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Reads the lock of a folder; null if there is none.</summary>
    /// <exception cref="FreeMaskException">It is damaged.</exception>
    internal static PullLock? Read(string folder)
    {
        var path = System.IO.Path.Combine(folder, FileName);
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<PullLock>(File.ReadAllText(path), Format) is { Files: not null } found
                ? found
                : throw new JsonException("it is empty");
        }
        catch (JsonException exception)
        {
            throw new FreeMaskException($"{path} is damaged ({exception.Message}); pull the model again.", exception);
        }
    }

    /// <summary>Writes the lock: the download is complete.</summary>
    internal async Task WriteAsync(string folder, CancellationToken stop)
    {
        await AtomicFile.WriteAsync(System.IO.Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Format) + "\n", stop);
        File.Delete(System.IO.Path.Combine(folder, BegunName));
    }

    /// <summary>Reserves a folder for a repository, so that files of two models never mix.</summary>
    /// <returns>The lock of an earlier download of the same repository; null if there is none.</returns>
    /// <exception cref="FreeMaskException">The folder holds another model.</exception>
    internal static async Task<PullLock?> BeginAsync(string folder, HubReference reference, CancellationToken stop)
    {
        var begun = System.IO.Path.Combine(folder, BegunName);
        var earlier = Read(folder);
        var owner =
            earlier?.Repository
            ?? (
                File.Exists(begun) ? (await File.ReadAllTextAsync(begun, stop)).Trim()
                : File.Exists(System.IO.Path.Combine(folder, Index)) ? "a model that was not pulled"
                : null
            );
        if (owner is not null && owner != reference.Repository)
            throw new FreeMaskException(
                $"{folder} holds {owner}; files of {reference.Repository} would mix with it. Name another folder with --out, or remove "
                    + "this one."
            );
        await AtomicFile.WriteAsync(begun, reference.Repository + "\n", stop);
        return earlier;
    }

    /// <summary>Verifies the hash of every file.</summary>
    /// <exception cref="FreeMaskException">A file is missing or changed; the message names it.</exception>
    internal async Task VerifyAsync(string folder, CancellationToken stop)
    {
        foreach (var file in Files)
        {
            var path = System.IO.Path.Combine(folder, file.Path);
            if (!File.Exists(path))
                throw new FreeMaskException($"{path} is missing; 'freemask models pull {Repository}@{Revision}' fetches it again.");
            if (await Sha256Async(path, stop) != file.Sha256)
                throw new FreeMaskException(
                    $"{path} is not what was pulled from {Repository} (its SHA-256 differs); delete it, and 'freemask models pull "
                        + $"{Repository}@{Revision}' fetches it again."
                );
        }
    }

    internal static async Task<string> Sha256Async(string path, CancellationToken stop)
    {
        await using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, stop));
    }

    /// <summary>The git hash of a blob: SHA-1 over <c>blob SIZE\0</c> and the content. It detects errors, not manipulation.</summary>
    internal static async Task<string> GitHashAsync(string path, CancellationToken stop)
    {
        var content = await File.ReadAllBytesAsync(path, stop);
#pragma warning disable CA5350 // git names blobs by SHA-1
        return Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350
    }
}
