namespace FreeMask.Grains;

/// <summary>The failures of a reconcile loop since its last successful step, and what users are told about them.</summary>
/// <param name="time">The clock.</param>
internal sealed class StepFailures(TimeProvider time)
{
    /// <summary>How long a single failure is not worth telling: the next step usually succeeds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private string? _last;
    private int _inARow;
    private long _first;

    /// <summary>What the steps wait for, for users; null where the last step succeeded, or failed just once and just now.</summary>
    public string? Note =>
        _last is null || (_inARow < 2 && time.GetElapsedTime(_first) < Patience) ? null : WaitReasons.Note(_last);

    /// <summary>Counts a failed step.</summary>
    /// <returns>Whether the step before failed in the same way.</returns>
    public bool Add(Exception exception)
    {
        if (_inARow++ == 0) _first = time.GetTimestamp();
        var message = WaitReasons.Of(exception);
        var isKnown = message == _last;
        _last = message;
        return isKnown;
    }

    /// <summary>Notes a successful step.</summary>
    public void Clear() => (_last, _inARow) = (null, 0);
}
