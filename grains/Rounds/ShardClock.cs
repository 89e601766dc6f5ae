namespace FreeMask.Grains.Rounds;

/// <summary>The time since a shard's activation. Monotonic, because the time of day may be set back while leases run.</summary>
/// <param name="time">The clock of the silo.</param>
internal sealed class ShardClock(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();

    /// <summary>The time since this clock was made.</summary>
    public TimeSpan Now => time.GetElapsedTime(_began);
}
