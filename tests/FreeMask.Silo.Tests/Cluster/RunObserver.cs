using System.Diagnostics;
using FreeMask.GrainInterfaces;
using FreeMask.Silo.Hosting;

namespace FreeMask.Silo.Tests.Cluster;

/// <summary>Watches a run as a client does: asks again and again, and notes when it moved and which calls failed.</summary>
internal sealed class RunObserver(Func<SiloConnection> client, string run)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly List<Exception> _failures = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _moved = -1;
    private TimeSpan _movedAt, _longestRest;

    /// <summary>Calls that failed.</summary>
    public IReadOnlyList<Exception> Failures => _failures;

    /// <summary>The longest time in which nothing moved.</summary>
    public TimeSpan LongestRest => _longestRest;

    /// <summary>Waits until the run fits a condition.</summary>
    public async Task<RunStatus> UntilAsync(Func<RunStatus, bool> fits, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await AskAsync(cancellationToken) is { } status && fits(status)) return status;
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>Starts the measurement of rests anew.</summary>
    public void Reset()
    {
        (_movedAt, _longestRest) = (_clock.Elapsed, TimeSpan.Zero);
        _failures.Clear();
    }

    private async Task<RunStatus?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            var status = await client().Grains.GetGrain<IRunGrain>(run).GetStatus().WaitAsync(Patience, cancellationToken);
            Note(status);
            return status;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _failures.Add(exception);
            return null;
        }
    }

    private void Note(RunStatus status)
    {
        var moved = (1000L * (int)status.State) + status.Rounds.Sum(r => (100L * (int)r.Phase) + Sum(r.Counts));
        if (moved != _moved)
        {
            var rest = _clock.Elapsed - _movedAt;
            if (rest > _longestRest) _longestRest = rest;
            (_moved, _movedAt) = (moved, _clock.Elapsed);
        }
    }

    private static long Sum(StageCounts c) => (long)c.Generated + c.Masked + c.Composed + c.Harmonized + c.Scored + c.Kept + c.Dropped + c.Quarantined;
}
