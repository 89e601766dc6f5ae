using FreeMask.Timing;
using Xunit;

namespace FreeMask.Vision.Tests.Timing;

public sealed class RateMeterTests
{
    [Fact]
    public void The_rate_is_that_of_the_last_fifteen_seconds_and_never_negative()
    {
        var clock = new Clock();
        var meter = new RateMeter(clock);
        Assert.Equal(0, meter.PerSecond);
        meter.Note(100);
        Assert.Equal(0, meter.PerSecond);
        for (var second = 1; second <= 10; second++)
        {
            clock.Seconds = second;
            meter.Note(100 + (5 * second));
        }

        Assert.Equal(5, meter.PerSecond, 6);
        // A pause, then another rate: what is older than the window does not count.
        for (var second = 30; second <= 50; second++)
        {
            clock.Seconds = second;
            meter.Note(150 + (2 * (second - 30)));
        }

        Assert.Equal(2, meter.PerSecond, 6);
        clock.Seconds = 60;
        meter.Note(0);
        Assert.Equal(0, meter.PerSecond);
    }

    private sealed class Clock : TimeProvider
    {
        internal double Seconds { get; set; }

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => (long)(Seconds * TimestampFrequency);
    }
}
