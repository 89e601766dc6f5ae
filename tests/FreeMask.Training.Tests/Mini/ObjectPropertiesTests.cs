using FreeMask.Imaging;
using FreeMask.Training.Mini.Evaluation;
using Xunit;

namespace FreeMask.Training.Tests.Mini;

public sealed class ObjectPropertiesTests
{
    private const int Side = 32;

    private static ObjectProperties Of(int width, int height, byte shade)
    {
        var (image, labels) = (new RgbImage(Side, Side), new LabelMap(Side, Side));
        for (var y = 8; y < 8 + height; y++)
            for (var x = 6; x < 6 + width; x++)
            {
                labels.Labels[(y * Side) + x] = 5;
                for (var k = 0; k < 3; k++) image.Pixels[(3 * ((y * Side) + x)) + k] = shade;
            }

        return ObjectProperties.Of(image, labels, 5);
    }

    [Fact]
    public void Size_thinness_and_contrast_of_boxes()
    {
        var box = Of(16, 16, 255);
        Assert.Equal(0.25, box.Size, 12);
        // All but the inner 14 x 14 pixels.
        Assert.Equal((256 - 196) / 256.0, box.Thinness, 12);
        Assert.Equal(1, box.Contrast, 6);
        Assert.Equal(1, Of(20, 1, 255).Thinness, 12);
        Assert.Equal(51 / 255.0, Of(16, 16, 51).Contrast, 6);
    }
}
