using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class RankCorrelationTests
{
    [Fact]
    public void It_is_one_for_any_rising_relation_and_minus_one_for_a_falling_one()
    {
        Assert.Equal(1, RankCorrelation.Of([1, 2, 3, 10], [2, 4, 100, 101]), 12);
        Assert.Equal(-1, RankCorrelation.Of([1, 2, 3, 10], [9, 4, 1, -50]), 12);
    }

    [Fact]
    public void Equal_numbers_share_their_mean_rank()
    {
        // Ranks 0.5, 0.5, 2, 3 against 0, 1, 2, 3: covariance 4.5, variances 4.5 and 5.
        Assert.Equal(4.5 / Math.Sqrt(4.5 * 5), RankCorrelation.Of([1, 1, 2, 3], [1, 2, 3, 4]), 12);
        Assert.True(double.IsNaN(RankCorrelation.Of([1, 1], [1, 2])));
        Assert.Throws<ArgumentException>(() => RankCorrelation.Of([1], [1, 2]));
    }
}
