using Microsoft.Data.Sqlite;

namespace FreeMask.Hosting.Storage;

/// <summary>
/// Opens a database of another process, or without owner, for reading. SQLite needs an index file beside the write-ahead log. If it cannot
/// be created (no write access, full disk), the database file is read directly if its log is empty; otherwise a copy of both is read.
/// </summary>
internal sealed class SqliteReadOnlyFile : IDisposable
{
    // If the disk of the data is full, memory may have room.
    private static readonly string[] CopyFolders = [Path.GetTempPath(), "/dev/shm"];

    private readonly string _source;
    private readonly string? _copy;

    private SqliteReadOnlyFile(string source, string? copy) => (_source, _copy) = (source, copy);

    /// <summary>Chooses how to read the file.</summary>
    /// <exception cref="FreeMaskException">It cannot be read.</exception>
    public static SqliteReadOnlyFile Open(string path)
    {
        var unchanging = $"file:{Uri.EscapeDataString(Path.GetFullPath(path)).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1";
        // Without a log there is no writer, and SQLite creates no files.
        if (new FileInfo(path + "-wal") is not { Exists: true, Length: > 0 } && TryRead(unchanging) is null)
            return new SqliteReadOnlyFile(unchanging, null);
        if (TryRead(path) is not { } failure) return new SqliteReadOnlyFile(path, null);
        foreach (var folder in CopyFolders.Where(Directory.Exists))
        {
            if (TryCopy(path, folder) is not { } copy) continue;
            if (TryRead(Path.Combine(copy, "state.db")) is null) return new SqliteReadOnlyFile(Path.Combine(copy, "state.db"), copy);
            Directory.Delete(copy, recursive: true);
        }

        throw new FreeMaskException($"The database '{path}' cannot be read: {failure.Message}", failure);
    }

    /// <summary>A connection to the file.</summary>
    public SqliteConnection Connect() => Connect(_source);

    /// <summary>Removes the copy, if there is one.</summary>
    public void Dispose()
    {
        try
        {
            if (_copy is not null) Directory.Delete(_copy, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The copy is in the system's folder for temporary files.
        }
    }

    private static SqliteConnection Connect(string source)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = source,
                Mode = SqliteOpenMode.ReadOnly,
                Pooling = false,
            }.ToString()
        );
        try
        {
            connection.Open();
            using var setup = connection.CreateCommand();
            setup.CommandText = "PRAGMA busy_timeout=10000";
            setup.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static SqliteException? TryRead(string source)
    {
        try
        {
            using var connection = Connect(source);
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT COUNT(*) FROM (SELECT 1 FROM records LIMIT 1)";
            command.ExecuteScalar();
            return null;
        }
        catch (SqliteException exception)
        {
            return exception;
        }
    }

    private static string? TryCopy(string path, string folder)
    {
        var copy = Path.Combine(folder, $"freemask-read-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(copy);
            foreach (var ending in new[] { "", "-wal" })
                if (File.Exists(path + ending)) File.Copy(path + ending, Path.Combine(copy, "state.db" + ending));
            return copy;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (Directory.Exists(copy)) Directory.Delete(copy, recursive: true);
            return null;
        }
    }
}
