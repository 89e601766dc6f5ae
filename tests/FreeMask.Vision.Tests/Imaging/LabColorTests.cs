using System.Runtime.InteropServices;
using FreeMask.Vision.Imaging;
using FreeMask.Vision.Tensors;
using Xunit;

namespace FreeMask.Vision.Tests.Imaging;

public sealed class LabColorTests
{
    [Fact]
    public void Lab_equals_scikit_image()
    {
        var tensors = Golden.Tensors("golden", "images", "lab.safetensors");
        var rgb = tensors["rgb"].Bytes.Span;
        var lab = Doubles(tensors["lab"]);
        for (var i = 0; i < 1000; i++)
        {
            var (l, a, b) = LabColor.FromRgb(rgb[3 * i], rgb[(3 * i) + 1], rgb[(3 * i) + 2]);
            Assert.Equal(lab[3 * i], l, 1e-6);
            Assert.Equal(lab[(3 * i) + 1], a, 1e-6);
            Assert.Equal(lab[(3 * i) + 2], b, 1e-6);
        }
    }

    [Fact]
    public void The_way_back_equals_scikit_image()
    {
        var tensors = Golden.Tensors("golden", "images", "lab.safetensors");
        var lab = Doubles(tensors["lab_input"]);
        var rgb = Doubles(tensors["rgb_output"]);
        for (var i = 0; i < 400; i++)
        {
            var (r, g, b) = LabColor.ToRgb(lab[3 * i], lab[(3 * i) + 1], lab[(3 * i) + 2]);
            Assert.Equal(rgb[3 * i], r, 1e-6);
            Assert.Equal(rgb[(3 * i) + 1], g, 1e-6);
            Assert.Equal(rgb[(3 * i) + 2], b, 1e-6);
        }
    }

    [Fact]
    public void A_picture_survives_the_round_trip()
    {
        var image = ImageCodecTests.Noise(16, 16);
        Assert.Equal(image.Pixels, LabColor.ToRgb(16, 16, LabColor.FromRgb(image)).Pixels);
    }

    private static double[] Doubles(NamedTensor tensor) => MemoryMarshal.Cast<byte, double>(tensor.Bytes.Span).ToArray();
}
