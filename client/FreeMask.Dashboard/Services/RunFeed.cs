using System.Collections.Concurrent;
using System.Collections.Immutable;
using FreeMask.Client.Runs;
using FreeMask.Dashboard.Engines;
using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>A run as it was when it was last read.</summary>
/// <param name="Spec">What it makes.</param>
/// <param name="Status">Its status.</param>
/// <param name="Interrupted">True if its state is Running and no process works on it.</param>
/// <param name="Rates">Work per second over the last seconds.</param>
/// <param name="Left">When it may end; null if that is not known.</param>
public sealed record RunView(RunSpec Spec, RunStatus Status, bool Interrupted, StageRates Rates, EndEstimate? Left)
{
    /// <summary>The run's id.</summary>
    public string Id => Status.Run;

    /// <summary>Whether it neither works nor waits any more.</summary>
    public bool Ended => Status.State is RunState.Completed or RunState.Cancelled;

    /// <summary>The open round, or else the last one; null before the first.</summary>
    public RoundStatus? Round => Status.Rounds.IsEmpty ? null : Status.Rounds[^1];

    /// <summary>Samples that reached their final state, of all rounds.</summary>
    public int Settled => Status.Rounds.Sum(r => r.Counts.Kept + r.Counts.Dropped + r.Counts.Quarantined);

    /// <summary>Work done, in [0, 1].</summary>
    public double Progress => RunProgress.Of(Status);
}

/// <summary>All runs as they were when they were last read.</summary>
/// <param name="At">When they were read (UTC); null before the first answer.</param>
/// <param name="Runs">The runs, newest first.</param>
/// <param name="Problem">Why there is no newer answer; null if there is none missing.</param>
internal sealed record RunsSnapshot(DateTimeOffset? At, ImmutableArray<RunView> Runs, string? Problem)
{
    /// <summary>A run by its id; null if there is none.</summary>
    public RunView? Find(string id) => Runs.FirstOrDefault(run => run.Id == id);
}

/// <summary>
/// Reads the status of all runs, twice a second while a page is open, and tells pages after each reading. Without an answer the last one
/// stays, with its time.
/// </summary>
internal sealed partial class RunFeed(IEngineSource source, TimeProvider time, ILogger<RunFeed> logger) : BackgroundService
{
    /// <summary>The interval between two readings.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Unwatched = TimeSpan.FromSeconds(5), AnswerTime = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, RunMeter> _meters = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _wanted = new(0);
    private volatile RunsSnapshot _current = new(null, [], null);

    /// <summary>The last reading.</summary>
    internal RunsSnapshot Current => _current;

    /// <summary>Raised after each reading, and after each one that failed. Handlers must not block.</summary>
    internal event Action? Changed;

    /// <summary>Reads at once instead of at the end of the interval.</summary>
    internal void Refresh()
    {
        if (_wanted.CurrentCount == 0) _wanted.Release();
    }

    /// <summary>Reads now and waits for the answer.</summary>
    internal async Task<RunsSnapshot> ReadAsync(CancellationToken stop)
    {
        if (source.Current is not { } engine) return _current = _current with { Problem = source.Problem ?? "Opening ..." };
        try
        {
            var ids = await engine.Directory.List().WaitAsync(AnswerTime, time, stop);
            var views = await Task.WhenAll(ids.Reverse().Select(id => ReadAsync(engine, id))).WaitAsync(AnswerTime, time, stop);
            foreach (var gone in _meters.Keys.Except(ids)) _meters.TryRemove(gone, out _);
            _current = new RunsSnapshot(time.GetUtcNow(), [.. views.OfType<RunView>()], null);
        }
        catch (Exception exception) when (!stop.IsCancellationRequested)
        {
            // Whatever it is: the pages keep what they have and say how old it is.
            if (_current.Problem is null) LogNoAnswer(logger, exception);
            _current = _current with { Problem = source.Problem ?? exception.Message.Split('\n')[0] };
        }

        return _current;
    }

    /// <summary>Reads one run; null if there is none.</summary>
    internal async Task<RunView?> FindAsync(string id, CancellationToken stop) =>
        _current.Find(id) ?? (await ReadAsync(stop)).Find(id);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await ReadAsync(stoppingToken);
            Changed?.Invoke();
            try
            {
                await _wanted.WaitAsync(Changed is null ? Unwatched : Interval, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<RunView?> ReadAsync(IEngine engine, string id)
    {
        // What is final does not change; only its removal matters, which the list tells.
        if (_current.Find(id) is { Ended: true } ended) return ended;
        var run = engine.Run(id);
        if (await run.GetSpec() is not { } spec) return null;
        var status = await run.GetStatus();
        var meter = _meters.GetOrAdd(id, _ => new RunMeter());
        var (rates, left) = meter.Observe(status, time.GetUtcNow());
        return new RunView(spec, status, status.State == RunState.Running && !source.WorksOn(id), rates, left);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No answer about the runs; the pages show the last one")]
    private static partial void LogNoAnswer(ILogger logger, Exception exception);
}
