namespace FreeMask.Hosting.Silos;

/// <summary>
/// The time of day that never goes back within a process. Where the machine's clock is set back, time goes on from where it was, by the monotonic
/// clock; where it is set forward, it is followed. Leases, timers and the collection of idle grains depend on time that only grows.
/// </summary>
/// <param name="inner">The machine's clocks.</param>
internal sealed class SteadyTimeProvider(TimeProvider inner) : TimeProvider
{
    // Less than this is the adjusting of a clock that is right, not the setting of one that is wrong.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private DateTimeOffset _anchor = inner.GetUtcNow();
    private long _anchored = inner.GetTimestamp();

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    /// <inheritdoc/>
    public override long TimestampFrequency => inner.TimestampFrequency;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            var (steady, clock) = (_anchor + inner.GetElapsedTime(_anchored), inner.GetUtcNow());
            if (clock - steady < Tolerance) return steady;
            // Set forward, or the machine slept.
            (_anchor, _anchored) = (clock, inner.GetTimestamp());
            return clock;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => inner.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);
}
