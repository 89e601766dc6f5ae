using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class SampleScoreTests
{
    [Theory]
    [InlineData(new byte[] { 0, 1, 1, 0 }, new byte[] { 0, 1, 1, 0 }, 1)]
    [InlineData(new byte[] { 0, 1, 1, 0 }, new byte[] { 0, 1, 0, 0 }, 0.5)]
    [InlineData(new byte[] { 0, 1, 255, 255 }, new byte[] { 0, 1, 1, 7 }, 1)]
    [InlineData(new byte[] { 1, 1, 2, 2 }, new byte[] { 1, 1, 0, 0 }, 0.5)]
    [InlineData(new byte[] { 1, 1, 0, 0 }, new byte[] { 1, 1, 5, 0 }, 1)]
    [InlineData(new byte[] { 0, 0, 255, 0 }, new byte[] { 0, 0, 0, 0 }, 0)]
    public void It_is_the_mean_over_the_objects_of_the_label_map(byte[] labels, byte[] prediction, double expected) =>
        Assert.Equal(expected, SampleScore.Compute(new LabelMap(4, 1, labels), new LabelMap(4, 1, prediction)), 1e-12);
}
