using System.Collections.Concurrent;
using FreeMask.Client.Runs;

namespace FreeMask.Dashboard.Engines;

/// <summary>
/// Opens an engine and opens it again after the process behind it has ended, so that the pages recover by themselves.
/// </summary>
/// <param name="origin">What is shown, such as the data folder.</param>
/// <param name="open">Opens an engine.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class ReopeningEngineSource(
    string origin,
    Func<CancellationToken, Task<IEngine>> open,
    TimeProvider time,
    ILogger<ReopeningEngineSource> logger
) : BackgroundService, IEngineSource
{
    private static readonly TimeSpan Check = TimeSpan.FromMilliseconds(500), Pause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, bool> _own = new(StringComparer.Ordinal);
    private volatile IEngine? _current;
    private volatile string? _problem;

    public IEngine? Current => _current;

    public string? Problem => _problem;

    public string Origin => origin;

    public void NoteWork(string run) => _own[run] = true;

    public bool WorksOn(string run) => _current is { IsRemote: true } || _own.ContainsKey(run);

    /// <summary>Opens the first engine, so that a wrong address is told at once and not on a page.</summary>
    /// <exception cref="FreeMaskException">It cannot be opened.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _current = await open(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await CloseAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(_problem is null ? Check : Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested || _current is { IsOwnerGone: false }) continue;
            try
            {
                await CloseAsync();
                _own.Clear();
                _current = await open(stoppingToken);
                _problem = null;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                _problem = exception.Message.Split('\n')[0];
                LogNotOpened(logger, exception, origin);
            }
        }
    }

    private async Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _current, null) is { } engine) await engine.DisposeAsync();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "'{Origin}' could not be opened again; trying until it can")]
    private static partial void LogNotOpened(ILogger logger, Exception exception, string origin);
}
