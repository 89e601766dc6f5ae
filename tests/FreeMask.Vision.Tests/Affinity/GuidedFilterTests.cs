using FreeMask.Vision.Affinity;
using FreeMask.Vision.Imaging;
using Xunit;

namespace FreeMask.Vision.Tests.Affinity;

public sealed class GuidedFilterTests
{
    [Theory]
    [InlineData(0, 2, 1e-4)]
    [InlineData(1, 4, 1e-2)]
    [InlineData(2, 8, 1e-3)]
    public void Grey_and_colour_equal_the_reference(int k, int radius, double epsilon)
    {
        var tensors = Golden.Tensors("golden", "images", "guided.safetensors");
        var input = Golden.Map(tensors["input"]);
        Golden.Near(Golden.Map(tensors[$"grey_{k}"]).Values, GuidedFilter.Apply(Golden.Map(tensors["guide_grey"]), input, radius, epsilon).Values, 1e-6);
        Golden.Near(Golden.Map(tensors[$"colour_{k}"]).Values, GuidedFilter.Apply(Golden.Rgb(tensors["rgb"]), input, radius, epsilon).Values, 1e-6);
    }

    [Fact]
    public void A_window_larger_than_the_picture_is_fine()
    {
        var map = new FloatMap(3, 2, [0, 1, 0, 1, 0, 1]);
        Assert.All(GuidedFilter.Apply(new RgbImage(3, 2), map, 9, 1e-3).Values, v => Assert.Equal(0.5f, v, 1e-5));
    }
}
