namespace FreeMask.Grains;

/// <summary>
/// Reconcile loop of a grain: runs a step when notified, and periodically. Steps never overlap; a notification during a step causes one
/// more. A step compares durable state with the desired state and does what is missing, so a lost notification or a failed step only
/// delays the work until the next period. Repeated equal failures are logged once, and are a note for users until a step succeeds.
/// </summary>
internal sealed class ReconcileLoop
{
    private readonly Func<Task> _reconcile;
    private readonly Action<Exception> _failed;
    private readonly TimeSpan _period;
    private readonly IGrainTimer _timer;
    private readonly StepFailures _failures;
    private bool _running, _again, _resting;

    public ReconcileLoop(Grain grain, Func<Task> step, Action<Exception> failed, TimeSpan period, TimeProvider time)
    {
        (_reconcile, _failed, _period, _failures) = (step, failed, period, new StepFailures(time));
        _timer = grain.RegisterGrainTimer(
            TickAsync,
            new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { KeepAlive = true }
        );
        _resting = true;
    }

    /// <summary>What the loop waits for because its steps fail, for users; null where they do not.</summary>
    public string? Note => _failures.Note;

    /// <summary>Requests a step.</summary>
    public void Signal()
    {
        (_again, _resting) = (true, false);
        if (!_running) _timer.Change(TimeSpan.Zero, _period);
    }

    /// <summary>Stops the timer until the next notification, so that Orleans can deactivate the grain.</summary>
    public void Rest() => _resting = true;

    private async Task TickAsync()
    {
        if (_running) return;
        _running = true;
        try
        {
            _again = false;
            await _reconcile();
            _failures.Clear();
        }
        catch (Exception exception)
        {
            // Retried after the period rather than at once: the cause may need time.
            (_again, _resting) = (false, false);
            if (!_failures.Add(exception)) _failed(exception);
        }
        finally
        {
            _running = false;
            // The next step is a separate turn of the grain, so that waiting calls run in between.
            if (_again) _timer.Change(TimeSpan.Zero, _period);
            else if (_resting) _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            else _timer.Change(_period, _period);
        }
    }
}
