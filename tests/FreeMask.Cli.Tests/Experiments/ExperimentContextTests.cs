using FreeMask.Cli.Experiments;
using Xunit;

namespace FreeMask.Cli.Tests.Experiments;

public sealed class ExperimentContextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Clock _time = new();
    private readonly List<string> _log = [];

    public void Dispose() => _folder.Dispose();

    private sealed record Number(double Value);

    private static Number Failing() => throw new InvalidOperationException();

    private ExperimentContext Open() => new(_folder.Path("one"), "model", 2, _time, _log.Add, null!);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_row_is_made_once_and_its_time_counts_whenever_it_is_read()
    {
        var made = 0;
        Number Make()
        {
            made++;
            _time.Advance(TimeSpan.FromSeconds(90));
            return new(double.NaN);
        }

        var first = Open();
        Assert.Equal([1UL, 2UL], first.Seeds);
        Assert.True(double.IsNaN((await first.RowAsync("a-1", Make, Stop))!.Value));
        var second = Open();
        Assert.True(double.IsNaN((await second.RowAsync("a-1", Make, Stop))!.Value));

        Assert.Equal(1, made);
        Assert.Equal((90, 90), (first.Seconds, second.Seconds));
        Assert.False(second.IsIncomplete);
        Assert.Equal(["a-1: 90 s"], _log);
    }

    [Fact]
    public async Task After_the_deadline_rows_are_read_and_none_is_made()
    {
        var context = Open();
        context.Deadline = _time.GetUtcNow().AddMinutes(1);
        Assert.NotNull(await context.RowAsync("a", () => new Number(1), Stop));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull(await context.RowAsync("a", () => new Number(2), Stop));
        Assert.False(context.IsIncomplete);
        Assert.Null(await context.RowAsync<Number>("b", Failing, Stop));
        Assert.True(context.IsIncomplete);
    }

    [Fact]
    public async Task A_row_that_fails_is_not_kept_and_a_damaged_one_is_named()
    {
        var context = Open();
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => context.RowAsync<Number>("a", Failing, Stop)
        );
        Assert.Equal(3, (await context.RowAsync("a", () => new Number(3), Stop))!.Value);
        var path = _folder.Path("one", "rows", "a.json");
        await File.WriteAllTextAsync(path, "{", Stop);
        var error = await Assert.ThrowsAsync<FreeMaskException>(() => context.RowAsync("a", () => new Number(4), Stop));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => _now;

        public override long GetTimestamp() => _now.UtcTicks;

        internal void Advance(TimeSpan time) => _now += time;
    }
}
