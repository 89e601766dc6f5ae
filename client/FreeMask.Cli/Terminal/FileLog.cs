using System.Collections.Concurrent;
using System.Globalization;
using FreeMask.Files;
using Microsoft.Extensions.Logging;

namespace FreeMask.Cli.Terminal;

/// <summary>
/// Writes one log file for each run in the data folder, created with its first entry. An entry that names a run, or a round or shard of
/// it, goes to that run's file; later entries without a name go to the same file. Before any run is named only warnings are written, to a
/// common file. Entries are written at once, so that none is lost in a crash.
/// </summary>
internal sealed class FileLog(
    DataFolder data,
    TimeProvider time,
    LogLevel least = LogLevel.Information,
    TextWriter? echo = null,
    long largestFile = LogFiles.LargestFile
) : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StreamWriter> _writers = new(StringComparer.Ordinal);
    private readonly LogFiles _files = new(data);
    private readonly Lock _gate = new();
    private string? _run;
    private bool _closed;

    public ILogger CreateLogger(string categoryName) => _loggers.GetOrAdd(categoryName, name => new Logger(this, name));

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var writer in _writers.Values) writer.Dispose();
        }
    }

    private void Write(LogLevel level, string category, string? run, string message, Exception? exception)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (_closed) return;
            _run = run ?? _run;
            var line = string.Create(CultureInfo.InvariantCulture, $"{now:yyyy-MM-dd HH:mm:ss.fff} {level,-11} {category}: {message}");
            if (level >= LogLevel.Information) echo?.WriteLine(line);
            if (_run is null && level < LogLevel.Warning) return;
            try
            {
                var writer = WriterOf(_run ?? LogFiles.General);
                writer.WriteLine(line);
                if (exception is not null) writer.WriteLine(exception);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk must not end a run because of its log.
                _closed = true;
            }
        }
    }

    private StreamWriter WriterOf(string name)
    {
        if (_writers.TryGetValue(name, out var open))
        {
            if (open.BaseStream.Length < largestFile) return open;
            open.Dispose();
            _writers.Remove(name);
        }

        PrivateFiles.CreateFolder(data.Root);
        PrivateFiles.CreateFolder(data.Logs);
        if (new FileInfo(_files.PathOf(name)) is { Exists: true } file && file.Length >= largestFile) _files.Rotate(name);
        return _writers[name] = new StreamWriter(
            PrivateFiles.Open(_files.PathOf(name), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)
        )
        {
            AutoFlush = true,
        };
    }

    /// <summary>The run that an entry names: grain keys are runs, rounds (<c>run/0</c>) and shards (<c>run/0/1</c>).</summary>
    private static string? RunOf<TState>(TState state)
    {
        if (state is not IReadOnlyList<KeyValuePair<string, object?>> values) return null;
        foreach (var (key, value) in values)
            if (key is "Run" or "Round" or "Shard" && value is string { Length: > 0 } text) return text.Split('/')[0];
        return null;
    }

    private sealed class Logger(FileLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && logLevel >= log.Least;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel)) log.Write(logLevel, category, RunOf(state), formatter(state, exception), exception);
        }
    }

    private LogLevel Least => least;
}
