using System.Collections.Concurrent;
using System.Threading.Channels;
using FreeMask.Files;
using Microsoft.Data.Sqlite;

namespace FreeMask.Hosting.Storage;

/// <summary>The result of a write: the new version, or the version that caused a conflict.</summary>
/// <param name="Applied">Whether the record was written.</param>
/// <param name="Version">The record's version; 0 if there is none.</param>
internal readonly record struct WriteResult(bool Applied, long Version);

/// <summary>
/// A SQLite file of versioned records. Writes of all callers go through one queue: the writer puts everything that waits into one
/// transaction (group commit), so that the cost of a commit is shared and no caller gets SQLITE_BUSY. Reads use connections of their own,
/// which the write-ahead log allows beside the writer.
/// </summary>
internal sealed class SqliteDatabase : IAsyncDisposable
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS records(
            kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, payload BLOB NOT NULL,
            PRIMARY KEY(kind, key)) WITHOUT ROWID;
        """;

    private const int DiskFull = 13;

    private readonly Channel<PendingWrite> _writes = Channel.CreateUnbounded<PendingWrite>(
        new UnboundedChannelOptions { SingleReader = true }
    );
    private readonly ConcurrentBag<Reader> _readers = [];
    private readonly SqliteStorageOptions _options;
    private readonly Task _writing;
    private readonly SqliteReadOnlyFile? _file;
    private volatile bool _disposed;

    /// <summary>Opens the file and creates it and its folder if necessary.</summary>
    /// <exception cref="FreeMask.FreeMaskException">It cannot be opened.</exception>
    public SqliteDatabase(SqliteStorageOptions options)
    {
        _options = options;
        if (options.ReadOnly)
        {
            (_file, _writing) = (SqliteReadOnlyFile.Open(options.Path), Task.CompletedTask);
            return;
        }

        var connection = Open();
        _writing = Task.Run(() => WriteLoopAsync(connection));
    }

    /// <summary>Reads a record; version 0 and no bytes if there is none.</summary>
    public (long Version, byte[]? Payload) Read(string kind, string key)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_readers.TryTake(out var reader)) reader = new Reader(_file?.Connect() ?? Open());
        try
        {
            return reader.Read(kind, key);
        }
        finally
        {
            _readers.Add(reader);
        }
    }

    /// <summary>
    /// Writes a record if it still has the version that the caller knows (0: there is none); removes it if there are no bytes.
    /// </summary>
    public Task<WriteResult> WriteAsync(string kind, string key, long version, byte[]? payload)
    {
        if (_options.ReadOnly) throw new IOException($"The database '{_options.Path}' was opened for reading only.");
        var write = new PendingWrite(kind, key, version, payload);
        if (!_writes.Writer.TryWrite(write)) write.Done.SetException(new ObjectDisposedException(nameof(SqliteDatabase)));
        return write.Done.Task;
    }

    /// <summary>Commits queued writes and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        _writes.Writer.TryComplete();
        await _writing;
        foreach (var reader in _readers) reader.Dispose();
        _file?.Dispose();
    }

    private SqliteConnection Open()
    {
        try
        {
            if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(_options.Path)) is { } folder) PrivateFiles.CreateFolder(folder);
            // The write-ahead log and its index get the mode of the file.
            PrivateFiles.Touch(_options.Path);
            // Connections are pooled here; the pool of the provider would keep the file open after disposal.
            var connection = new SqliteConnection(
                new SqliteConnectionStringBuilder { DataSource = _options.Path, Pooling = false }.ToString()
            );
            connection.Open();
            using var setup = connection.CreateCommand();
            setup.CommandText =
                $"PRAGMA journal_mode=WAL; PRAGMA synchronous={(_options.WaitForDisk ? "FULL" : "NORMAL")}; PRAGMA busy_timeout=10000; "
                    + $"{Schema}";
            setup.ExecuteNonQuery();
            return connection;
        }
        catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new FreeMask.FreeMaskException($"The database '{_options.Path}' cannot be opened: {exception.Message}", exception);
        }
    }

    private async Task WriteLoopAsync(SqliteConnection connection)
    {
        using var writer = new Writer(connection);
        var batch = new List<(PendingWrite Write, WriteResult Result)>();
        while (await _writes.Reader.WaitToReadAsync())
        {
            batch.Clear();
            try
            {
                using var transaction = connection.BeginTransaction();
                writer.Use(transaction);
                while (batch.Count < _options.CommitBatch && _writes.Reader.TryRead(out var write))
                {
                    batch.Add((write, default));
                    batch[^1] = (write, writer.Write(write));
                }

                transaction.Commit();
            }
            catch (Exception exception)
            {
                // If the transaction could not begin, nothing was taken from the queue.
                if (batch.Count == 0 && _writes.Reader.TryRead(out var first)) batch.Add((first, default));
                // The transaction was rolled back: every caller reads again and decides again.
                var failure = exception is SqliteException { SqliteErrorCode: DiskFull }
                    ? new IOException(
                        $"The disk of '{_options.Path}' is full; the work goes on by itself when there is room again.",
                        exception
                    )
                    : exception;
                foreach (var (write, _) in batch) write.Done.SetException(failure);
                continue;
            }

            foreach (var (write, result) in batch) write.Done.SetResult(result);
        }
    }

    private sealed record PendingWrite(string Kind, string Key, long Version, byte[]? Payload)
    {
        public TaskCompletionSource<WriteResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Reader : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _select;
        private readonly SqliteParameter _kind, _key;

        public Reader(SqliteConnection connection)
        {
            _connection = connection;
            _select = connection.CreateCommand();
            _select.CommandText = "SELECT version, payload FROM records WHERE kind = $kind AND key = $key";
            _kind = _select.Parameters.Add("$kind", SqliteType.Text);
            _key = _select.Parameters.Add("$key", SqliteType.Text);
        }

        public (long, byte[]?) Read(string kind, string key)
        {
            (_kind.Value, _key.Value) = (kind, key);
            using var row = _select.ExecuteReader();
            return row.Read() ? (row.GetInt64(0), row.GetFieldValue<byte[]>(1)) : (0, null);
        }

        public void Dispose()
        {
            _select.Dispose();
            _connection.Dispose();
        }
    }

    private sealed class Writer : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _insert, _update, _delete, _version;

        public Writer(SqliteConnection connection)
        {
            _connection = connection;
            _insert = Command("INSERT INTO records(kind, key, version, payload) VALUES($kind, $key, 1, $payload) ON CONFLICT DO NOTHING");
            _update = Command(
                "UPDATE records SET version = version + 1, payload = $payload WHERE kind = $kind AND key = $key AND version = $version"
            );
            _delete = Command("DELETE FROM records WHERE kind = $kind AND key = $key AND version = $version");
            _version = Command("SELECT version FROM records WHERE kind = $kind AND key = $key");
        }

        public void Use(SqliteTransaction transaction)
        {
            foreach (var command in new[] { _insert, _update, _delete, _version }) command.Transaction = transaction;
        }

        public WriteResult Write(PendingWrite write)
        {
            var (command, after) = write switch
            {
                { Payload: null, Version: 0 } => (null, 0L),
                { Payload: null } => (_delete, 0L),
                { Version: 0 } => (_insert, 1L),
                _ => (_update, write.Version + 1),
            };
            if (command is null || Run(command, write) == 1) return new WriteResult(true, after);
            Bind(_version, write);
            return new WriteResult(false, _version.ExecuteScalar() is long current ? current : 0);
        }

        public void Dispose()
        {
            foreach (var command in new[] { _insert, _update, _delete, _version }) command.Dispose();
            _connection.Dispose();
        }

        private SqliteCommand Command(string text)
        {
            var command = _connection.CreateCommand();
            command.CommandText = text;
            command.Parameters.Add("$kind", SqliteType.Text);
            command.Parameters.Add("$key", SqliteType.Text);
            command.Parameters.Add("$version", SqliteType.Integer);
            command.Parameters.Add("$payload", SqliteType.Blob);
            return command;
        }

        private static int Run(SqliteCommand command, PendingWrite write)
        {
            Bind(command, write);
            return command.ExecuteNonQuery();
        }

        private static void Bind(SqliteCommand command, PendingWrite write)
        {
            command.Parameters[0].Value = write.Kind;
            command.Parameters[1].Value = write.Key;
            command.Parameters[2].Value = write.Version;
            command.Parameters[3].Value = (object?)write.Payload ?? DBNull.Value;
        }
    }
}
