using System.Collections.Concurrent;

namespace FreeMask.Cli.Tests.Hub;

/// <summary>A clock that stands still at the beginning of 27 November 2026; pauses of less than a minute end at once, and are noted. Longer
/// timers never fire.</summary>
internal sealed class InstantTime : TimeProvider
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    internal ConcurrentQueue<TimeSpan> Waited { get; } = new();

    public override DateTimeOffset GetUtcNow() => new(2026, 11, 27, 0, 0, 0, TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < TimeSpan.Zero || dueTime >= Longest)
            return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Waited.Enqueue(dueTime);
        return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
