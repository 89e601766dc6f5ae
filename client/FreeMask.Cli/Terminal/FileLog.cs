using System.Collections.Concurrent;
using FreeMask.Vision.Files;
using Microsoft.Extensions.Logging;

namespace FreeMask.Cli.Terminal;

/// <summary>Logs as one file a process in the data folder, made with its first entry. Entries are written at once: a log must outlive a crash.</summary>
internal sealed class FileLog(DataFolder data, TimeProvider time) : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private StreamWriter? _writer;
    private bool _closed;

    public ILogger CreateLogger(string categoryName) => _loggers.GetOrAdd(categoryName, name => new Logger(this, name));

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _writer?.Dispose();
        }
    }

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (_closed) return;
            try
            {
                _writer ??= Open(now);
                _writer.WriteLine($"{now:HH:mm:ss.fff} {level,-11} {category}: {message}");
                if (exception is not null) _writer.WriteLine(exception);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk must not end a run through its log.
                _closed = true;
            }
        }
    }

    private StreamWriter Open(DateTimeOffset now)
    {
        PrivateFiles.CreateFolder(data.Root);
        PrivateFiles.CreateFolder(data.Logs);
        var name = $"{now:yyyyMMdd-HHmmss}-{Environment.ProcessId}.log";
        return new StreamWriter(PrivateFiles.Open(Path.Combine(data.Logs, name), FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
    }

    private sealed class Logger(FileLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Write(logLevel, category, formatter(state, exception), exception);
    }
}
