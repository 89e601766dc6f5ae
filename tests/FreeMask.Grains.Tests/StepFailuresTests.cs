using Xunit;

namespace FreeMask.Grains.Tests;

public sealed class StepFailuresTests
{
    private readonly ManualTime _time = new();
    private readonly StepFailures _failures;

    public StepFailuresTests() => _failures = new StepFailures(_time);

    [Fact]
    public void Two_failures_in_a_row_are_told_until_a_step_succeeds()
    {
        Assert.Null(_failures.Note);
        Assert.False(_failures.Add(new IOException("No space left on device.\nat line 3")));
        Assert.Null(_failures.Note);
        Assert.True(_failures.Add(new OrleansException("Error from storage provider", new IOException("No space left on device."))));
        Assert.Equal("waiting: No space left on device; it tries again", _failures.Note);
        Assert.False(_failures.Add(new IOException("The store is away.")));
        Assert.Equal("waiting: The store is away; it tries again", _failures.Note);

        _failures.Clear();
        Assert.Null(_failures.Note);
        _failures.Add(new IOException("The store is away."));
        Assert.Null(_failures.Note);
    }

    [Fact]
    public void A_failure_that_no_step_has_followed_for_seconds_is_told()
    {
        _failures.Add(new IOException("The store is away."));
        _time.Advance(StepFailures.Patience - TimeSpan.FromTicks(1));
        Assert.Null(_failures.Note);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal("waiting: The store is away; it tries again", _failures.Note);
    }
}
