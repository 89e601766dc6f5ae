using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class BootstrapTests
{
    [Fact]
    public void The_interval_holds_the_measure_and_narrows_with_more_images()
    {
        var (few, many) = (Images(10, 0.3), Images(160, 0.3));
        var (wide, narrow) = (Bootstrap.MeanIou(few, 1, 300), Bootstrap.MeanIou(many, 1, 300));
        Assert.InRange(Total(few), wide.Low, wide.High);
        Assert.InRange(Total(many), narrow.Low, narrow.High);
        Assert.True(narrow.High - narrow.Low < 0.6 * (wide.High - wide.Low), $"{wide} {narrow}");
        Assert.Equal(wide, Bootstrap.MeanIou(few, 1, 300));
        Assert.NotEqual(wide, Bootstrap.MeanIou(few, 2, 300));
    }

    [Fact]
    public void A_clear_difference_lies_on_one_side_of_zero_and_none_is_none()
    {
        var (bad, good) = (Images(60, 0.5), Images(60, 0.1));
        Assert.True(Bootstrap.Difference(bad, good, 1, 300).Low > 0);
        Assert.Equal(new ConfidenceInterval(0, 0), Bootstrap.Difference(bad, bad, 1, 300));
    }

    private static double Total(IEnumerable<ConfusionMatrix> images)
    {
        var sum = new ConfusionMatrix(3);
        foreach (var image in images) sum.Add(image);
        return sum.Scores().MeanIou;
    }

    private static List<ConfusionMatrix> Images(int count, double mistakes) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new CounterRandom(9, i, 0, "pictures");
        var share = mistakes * 2 * random.NextDouble();
        var truth = new LabelMap(8, 8, [.. Enumerable.Range(0, 64).Select(_ => (byte)random.NextInt(3))]);
        var prediction = new LabelMap(
                        8,
                        8,
                        [.. truth.Labels.Select(label => random.NextDouble() < share ? (byte)random.NextInt(3) : label)]
                    );
        var matrix = new ConfusionMatrix(3);
        matrix.Add(truth, prediction);
        return matrix;
    })];
}
