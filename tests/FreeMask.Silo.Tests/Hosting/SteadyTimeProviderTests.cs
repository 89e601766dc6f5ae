using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FreeMask.Silo.Tests.Hosting;

public sealed class SteadyTimeProviderTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Time_goes_on_where_the_clock_is_set_back_and_follows_where_it_is_set_forward()
    {
        var clock = new Clock { Now = Noon };
        var steady = new SteadyTimeProvider(clock);
        clock.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(Noon.AddSeconds(5), steady.GetUtcNow());
        clock.Now -= TimeSpan.FromHours(1);
        clock.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(Noon.AddSeconds(10), steady.GetUtcNow());
        clock.Now = Noon.AddHours(2);
        Assert.Equal(Noon.AddHours(2), steady.GetUtcNow());
        clock.Now = Noon;
        clock.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(Noon.AddHours(2).AddSeconds(1), steady.GetUtcNow());
    }

    [Theory(Timeout = 600_000)]
    [InlineData(-3600)]
    [InlineData(600)]
    public async Task A_run_goes_on_while_the_clock_is_set(int seconds)
    {
        var clock = new SetClock();
        await using var silo = await TestSilo.StartAsync(
            _folder.Path,
            TestContext.Current.CancellationToken,
            services: s => s.AddSingleton<TimeProvider>(new SteadyTimeProvider(clock))
        );
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);
        silo.Stages.Before = (kind, inputs, _) =>
        {
            if (inputs[0].Run == "run") clock.Offset = TimeSpan.FromSeconds(kind is Stage.Mask or Stage.Score ? seconds : 0);
            return Task.CompletedTask;
        };
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec);
        Assert.Equal(RunState.Completed, status.State);
        Assert.Equal(straight.ManifestHash, status.ManifestHash);
        Assert.True(status.EndedAt >= status.StartedAt);
        Assert.All(status.Rounds, round => Assert.True(round.EndedAt >= round.StartedAt));
    }

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public DateTimeOffset Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time) => (Now, _ticks) = (Now + time, _ticks + time.Ticks);

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => _ticks;
    }

    /// <summary>The machine's clock, set by an offset.</summary>
    private sealed class SetClock : TimeProvider
    {
        private long _offset;

        public TimeSpan Offset
        {
            get => TimeSpan.FromTicks(Interlocked.Read(ref _offset));
            set => Interlocked.Exchange(ref _offset, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;
    }
}
