using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class ObjectBootstrapTests
{
    private static readonly ShownObject A = new("a", "cat"), B = new("b", "cat"), C = new("c", "cat"), Only = new("d", "dog");

    private static readonly ObjectBootstrap Objects = new([[A], [A], [B, C], [C], [Only]]);

    [Fact]
    public void Images_of_one_object_count_alike_and_all_count_once_on_average()
    {
        Assert.Equal(4, Objects.Objects);
        var draws = Enumerable.Range(0, 2000).Select(draw => Objects.Weights(1, draw)).ToList();
        Assert.All(draws, weights => Assert.Equal(weights[0], weights[1]));
        for (var image = 0; image < 4; image++) Assert.InRange(draws.Average(weights => weights[image]), 0.93, 1.07);
        Assert.Contains(draws, weights => weights[0] == 0);
    }

    [Fact]
    public void Objects_are_drawn_within_their_class_and_an_image_counts_as_often_as_they_were_drawn()
    {
        // Three cats are drawn: a in images 0 and 1, b and c together in image 2, c alone in image 3. The only dog is always drawn.
        Assert.All(
            Enumerable.Range(0, 200).Select(draw => Objects.Weights(7, draw)),
            weights =>
            {
                Assert.Equal(3, weights[0] + (2 * weights[2]), 12);
                Assert.Equal(1, weights[4]);
            }
        );
        Assert.Equal(Objects.Weights(7, 3), Objects.Weights(7, 3));
    }
}
