namespace FreeMask.Grains.Tests;

/// <summary>A clock that a test sets forward; its timers are those of the machine.</summary>
internal sealed class ManualTime : TimeProvider
{
    // Zero would look like a call that never began.
    private long _ticks = 1;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _ticks;

    public void Advance(TimeSpan by) => _ticks += by.Ticks;
}
