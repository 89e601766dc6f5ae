using FreeMask.Dashboard.Services;
using Xunit;

namespace FreeMask.Dashboard.Tests.Services;

public sealed class ClusterFeedTests
{
    [Fact]
    public void A_silo_that_was_killed_does_not_answer_whatever_orleans_says_about_it()
    {
        var lost = new SiloUnavailableException("Exception while sending message: ConnectionFailedException: Unable to connect");
        Assert.Equal("does not answer", ClusterFeed.ProblemOf(lost));
        Assert.Equal("does not answer", ClusterFeed.ProblemOf(new TimeoutException()));
        Assert.Equal("no grain", ClusterFeed.ProblemOf(new InvalidOperationException("no grain\nat line 1")));
    }
}
