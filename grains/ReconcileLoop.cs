namespace FreeMask.Grains;

/// <summary>
/// Runs a grain's step now when it is signalled, and now and then otherwise. Steps never overlap; a signal during a step causes another
/// one. The same failure again and again is logged once. A step looks at durable state and does what is missing, so a lost signal or a failed step costs a period, never the work.
/// </summary>
internal sealed class ReconcileLoop
{
    private readonly Func<Task> _reconcile;
    private readonly Action<Exception> _failed;
    private readonly TimeSpan _period;
    private readonly IGrainTimer _timer;
    private bool _running, _again, _resting;
    private string? _failure;

    public ReconcileLoop(Grain grain, Func<Task> step, Action<Exception> failed, TimeSpan period)
    {
        (_reconcile, _failed, _period) = (step, failed, period);
        _timer = grain.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { KeepAlive = true });
        _resting = true;
    }

    /// <summary>Asks for a step now.</summary>
    public void Signal()
    {
        (_again, _resting) = (true, false);
        if (!_running) _timer.Change(TimeSpan.Zero, _period);
    }

    /// <summary>Stops the timer until the next signal: nothing is left to look after, and the grain may be collected.</summary>
    public void Rest() => _resting = true;

    private async Task TickAsync()
    {
        if (_running) return;
        _running = true;
        try
        {
            _again = false;
            await _reconcile();
            _failure = null;
        }
        catch (Exception exception)
        {
            // Tried again after the period, not at once: what failed may need time.
            (_again, _resting) = (false, false);
            if (_failure != exception.Message) _failed(exception);
            _failure = exception.Message;
        }
        finally
        {
            _running = false;
            // The next step is a turn of its own, so that waiting calls run in between.
            if (_again) _timer.Change(TimeSpan.Zero, _period);
            else if (_resting) _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            else _timer.Change(_period, _period);
        }
    }
}
