using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class RocAucTests
{
    [Fact]
    public void The_area_under_the_curve_counts_pairs_and_half_of_ties()
    {
        Assert.Equal(1, RocAuc.Of([2, 3], [1, 0]));
        Assert.Equal(0.5, RocAuc.Of([1, 1], [1]));
        Assert.Equal(0.625, RocAuc.Of([1, 3], [2, 1]));
        Assert.True(double.IsNaN(RocAuc.Of([], [1])));
    }
}
