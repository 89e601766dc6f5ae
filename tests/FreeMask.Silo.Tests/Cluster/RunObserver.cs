using System.Diagnostics;
using FreeMask.GrainInterfaces;

namespace FreeMask.Silo.Tests.Cluster;

/// <summary>
/// Observes a run: as a client that polls and records failed calls, and from the journals of the silos, which do not depend on calls.
/// </summary>
internal sealed class RunObserver(ProcessCluster cluster, string run)
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    private readonly List<Exception> _failures = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private int _begun;
    private TimeSpan _begunAt, _longestRest;

    /// <summary>Calls that failed.</summary>
    public IReadOnlyList<Exception> Failures => _failures;

    /// <summary>The longest time in which no silo started any work.</summary>
    public TimeSpan LongestRest => _longestRest;

    /// <summary>Waits until the run meets a condition.</summary>
    public async Task<RunStatus> UntilAsync(Func<RunStatus, bool> fits, CancellationToken cancellationToken)
    {
        using var found = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchWorkAsync(found.Token);
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (await AskAsync(cancellationToken) is { } status && fits(status)) return status;
                await Task.Delay(50, cancellationToken);
            }
        }
        finally
        {
            await found.CancelAsync();
            await watching;
        }
    }

    /// <summary>Restarts the measurement.</summary>
    public void Reset()
    {
        (_begunAt, _longestRest) = (_clock.Elapsed, TimeSpan.Zero);
        _failures.Clear();
    }

    private async Task<RunStatus?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await cluster.Client.Grains.GetGrain<IRunGrain>(run).GetStatus().WaitAsync(AnswerTimeout, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _failures.Add(exception);
            return null;
        }
    }

    private async Task WatchWorkAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var begun = cluster.Begun(run);
            if (begun != _begun)
            {
                var rest = _clock.Elapsed - _begunAt;
                if (rest > _longestRest) _longestRest = rest;
                (_begun, _begunAt) = (begun, _clock.Elapsed);
            }

            await Task.Delay(50, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}
