using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class ObjectBootstrapTests
{
    private static readonly ObjectBootstrap Objects = new([["a"], ["a"], ["b", "c"], ["c"]]);

    [Fact]
    public void Images_of_one_object_count_alike_and_all_count_once_on_average()
    {
        Assert.Equal(3, Objects.Objects);
        var draws = Enumerable.Range(0, 2000).Select(draw => Objects.Weights(1, draw)).ToList();
        Assert.All(draws, weights => Assert.Equal(weights[0], weights[1]));
        for (var image = 0; image < 4; image++) Assert.InRange(draws.Average(weights => weights[image]), 0.93, 1.07);
        Assert.Contains(draws, weights => weights[0] == 0);
    }

    [Fact]
    public void An_image_counts_as_often_as_its_objects_on_average()
    {
        // Three objects are drawn: a in images 0 and 1, b and c together in image 2, c alone in image 3.
        Assert.All(
            Enumerable.Range(0, 200).Select(draw => Objects.Weights(7, draw)),
            weights => Assert.Equal(3, weights[0] + (2 * weights[2]), 12)
        );
        Assert.Equal(Objects.Weights(7, 3), Objects.Weights(7, 3));
    }
}
