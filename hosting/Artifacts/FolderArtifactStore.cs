using System.Globalization;
using System.Runtime.CompilerServices;
using FreeMask.Grains.Artifacts;

namespace FreeMask.Hosting.Artifacts;

/// <summary>
/// Artifacts as files: <c>ROOT/ab/abcd...</c>, 256 folders by the first byte of the hash. A file gets its name only when it is complete.
/// Reads verify the hash; a damaged file is moved to <c>ROOT/damaged</c>, so that it can be stored again. Several silos may share the
/// folder.
/// </summary>
internal sealed class FolderArtifactStore : IArtifactStore
{
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    private readonly string _root, _incoming, _damaged;
    private readonly TimeProvider _time;
    private readonly string _writer = Guid.NewGuid().ToString("N");
    private readonly bool _readOnly;
    private long _writes;

    /// <summary>
    /// Opens the folder and creates it if necessary; removes temporary files of interrupted writers that are older than a day.
    /// </summary>
    /// <param name="root">The folder.</param>
    /// <param name="time">The clock for the age of files.</param>
    /// <param name="readOnly">True to write nothing: the folder may be absent, or belong to another user.</param>
    /// <exception cref="FreeMaskException">The folder cannot be used.</exception>
    public FolderArtifactStore(string root, TimeProvider time, bool readOnly = false)
    {
        _time = time;
        _readOnly = readOnly;
        _root = Path.GetFullPath(root);
        _incoming = Path.Combine(_root, "incoming");
        _damaged = Path.Combine(_root, "damaged");
        if (readOnly) return;
        try
        {
            Directory.CreateDirectory(_incoming);
            for (var i = 0; i < 256; i++) Directory.CreateDirectory(Path.Combine(_root, i.ToString("x2", CultureInfo.InvariantCulture)));
            foreach (var leftover in Directory.EnumerateFiles(_incoming))
                if (File.GetLastWriteTimeUtc(leftover) < time.GetUtcNow().UtcDateTime - LeftoverAge) File.Delete(leftover);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"The artifact folder '{_root}' cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>The file of an artifact, whether it exists or not.</summary>
    /// <exception cref="ArgumentException">The text is not a hash.</exception>
    public string PathOf(string hash) => ArtifactHash.IsValid(hash)
        ? Path.Combine(_root, hash[..2], hash)
        : throw new ArgumentException($"'{hash}' is not an artifact's address.", nameof(hash));

    /// <inheritdoc/>
    public async Task<string> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_readOnly) throw new ArtifactStoreException($"The artifact folder '{_root}' was opened for reading only.");
        var hash = ArtifactHash.Of(bytes.Span);
        var path = PathOf(hash);
        // A file damaged by a power failure or a failing disk is replaced.
        if (IsWhole(path, bytes) && TryTouch(path)) return hash;
        var incoming = Path.Combine(_incoming, $"{_writer}-{Interlocked.Increment(ref _writes)}");
        try
        {
            await File.WriteAllBytesAsync(incoming, bytes, cancellationToken);
            File.Move(incoming, path, overwrite: true);
            return hash;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryDelete(incoming);
            throw TakesNothing(exception);
        }
        catch (OperationCanceledException)
        {
            TryDelete(incoming);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>> GetAsync(string hash, CancellationToken cancellationToken)
    {
        var path = PathOf(hash);
        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ArtifactLostException(hash, $"The artifact {hash} is not in '{_root}'.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactStoreException($"The artifact folder '{_root}' cannot be read: {exception.Message}", exception);
        }

        if (ArtifactHash.Of(bytes) == hash) return bytes;
        if (_readOnly) throw new ArtifactLostException(hash, $"The artifact {hash} in '{_root}' is damaged.");
        SetAside(path, hash);
        throw new ArtifactLostException(hash, $"The artifact {hash} in '{_root}' is damaged; it was moved to '{_damaged}'.");
    }

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string hash, CancellationToken cancellationToken) => Task.FromResult(File.Exists(PathOf(hash)));

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredArtifact> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var i = 0; i < 256; i++)
        {
            // One folder at a time, so that memory does not grow with the store.
            var folder = new DirectoryInfo(Path.Combine(_root, i.ToString("x2", CultureInfo.InvariantCulture)));
            foreach (var file in await Task.Run(() => FilesOf(folder), cancellationToken)) yield return file;
        }
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string hash, DateTimeOffset putBefore, CancellationToken cancellationToken)
    {
        var file = new FileInfo(PathOf(hash));
        try
        {
            if (!file.Exists || file.LastWriteTimeUtc >= putBefore.UtcDateTime) return Task.FromResult(false);
            file.Delete();
            return Task.FromResult(true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactStoreException($"The artifact {hash} in '{_root}' cannot be removed: {exception.Message}", exception);
        }
    }

    /// <summary>Whether a file holds exactly these bytes; false if it cannot be read, since it is about to be replaced.</summary>
    private static bool IsWhole(string path, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return new FileInfo(path) is { Exists: true } file
                && file.Length == bytes.Length
                && bytes.Span.SequenceEqual(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private List<StoredArtifact> FilesOf(DirectoryInfo folder)
    {
        try
        {
            return
            [
                .. folder
                    .EnumerateFiles()
                    .Where(f => ArtifactHash.IsValid(f.Name))
                    .Select(f => new StoredArtifact(f.Name, f.Length, f.LastWriteTimeUtc)),
            ];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactStoreException($"The artifact folder '{_root}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Updates the write time of a file, so that it is not collected; false if it does not exist.</summary>
    private bool TryTouch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, _time.GetUtcNow().UtcDateTime);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw TakesNothing(exception);
        }
    }

    private ArtifactStoreException TakesNothing(Exception exception) => DiskSpace.IsFull(exception)
        ? new($"The disk of '{_root}' is full; the work goes on by itself when there is room again.", exception)
        : new($"The artifact folder '{_root}' takes nothing: {exception.Message}", exception);

    private void SetAside(string path, string hash)
    {
        try
        {
            Directory.CreateDirectory(_damaged);
            File.Move(path, Path.Combine(_damaged, hash), overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactStoreException(
                $"The damaged artifact {hash} in '{_root}' cannot be moved away: {exception.Message}",
                exception
            );
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The temporary file is removed later.
        }
    }
}
