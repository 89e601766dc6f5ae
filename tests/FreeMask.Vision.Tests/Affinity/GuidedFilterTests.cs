using FreeMask.Imaging;
using FreeMask.Vision.Affinity;
using Xunit;

namespace FreeMask.Vision.Tests.Affinity;

public sealed class GuidedFilterTests
{
    [Fact]
    public void Grey_and_color_equal_the_reference()
    {
        var tensors = Golden.Tensors("golden", "images", "guided.safetensors");
        var input = Golden.Map(tensors["input"]);
        foreach (
            var entry in Golden.Json("golden", "images", "images.json").GetProperty("guided_filter").GetProperty("cases").EnumerateArray()
        )
        {
            var (radius, epsilon) = (entry.GetProperty("radius").GetInt32(), entry.GetProperty("eps").GetDouble());
            Golden.Near(
                Golden.Map(tensors[entry.GetProperty("grey").GetString()!]).Values,
                GuidedFilter.Apply(Golden.Map(tensors["guide_grey"]), input, radius, epsilon).Values,
                1e-6
            );
            Golden.Near(
                Golden.Map(tensors[entry.GetProperty("colour").GetString()!]).Values,
                GuidedFilter.Apply(Golden.Rgb(tensors["rgb"]), input, radius, epsilon).Values,
                1e-6
            );
        }
    }

    [Fact]
    public void A_window_larger_than_the_image_is_fine()
    {
        var map = new FloatMap(3, 2, [0, 1, 0, 1, 0, 1]);
        Assert.All(GuidedFilter.Apply(new RgbImage(3, 2), map, 9, 1e-3).Values, v => Assert.Equal(0.5f, v, 1e-5));
    }
}
