namespace FreeMask.Hosting.Silos;

/// <summary>
/// The time of day, which never goes back within a process. When the system clock is set back, time continues by the monotonic clock; when
/// it is set forward, it is followed. Leases, timers and the collection of idle grains need a time that only grows.
/// </summary>
/// <param name="inner">The system clocks.</param>
internal sealed class SteadyTimeProvider(TimeProvider inner) : TimeProvider
{
    // Smaller differences are clock adjustments (NTP), not a set clock.
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
            // Set forward, or the machine was suspended.
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
