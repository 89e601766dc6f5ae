using System.Runtime.InteropServices;
using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class ImageSimilarityTests
{
    [Fact]
    public void All_measures_equal_scikit_image()
    {
        var tensors = Golden.Tensors("golden", "images", "quality.safetensors");
        var k = 0;
        foreach (var pair in Golden.Json("golden", "images", "images.json").GetProperty("quality").GetProperty("pairs").EnumerateArray())
        {
            double Expected(string name) => pair.GetProperty(name).GetDouble();
            var (a, b) = (Golden.Rgb(tensors[$"a_{k}"]), Golden.Rgb(tensors[$"b_{k}"]));
            ReadOnlySpan<byte> greyA = tensors[$"grey_a_{k}"].Bytes.Span, greyB = tensors[$"grey_b_{k}"].Bytes.Span;
            Assert.Equal(Expected("mse_rgb"), ImageSimilarity.MeanSquaredError(a, b), 1e-6);
            Assert.Equal(Expected("psnr_rgb"), ImageSimilarity.Psnr(a, b), 1e-6);
            Assert.Equal(Expected("psnr_grey"), ImageSimilarity.Psnr(ImageSimilarity.MeanSquaredError(greyA, greyB)), 1e-6);
            Assert.Equal(Expected("ssim_gaussian_rgb"), ImageSimilarity.Ssim(a, b), 1e-6);
            Assert.Equal(Expected("ssim_default_grey"), ImageSimilarity.Ssim(greyA, greyB, a.Width, SsimWindow.Uniform).Mean, 1e-6);
            var (mean, map) = ImageSimilarity.Ssim(greyA, greyB, a.Width, SsimWindow.Gaussian);
            Assert.Equal(Expected("ssim_gaussian_grey"), mean, 1e-6);
            var expected = MemoryMarshal.Cast<byte, double>(tensors[$"ssim_map_{k}"].Bytes.Span);
            for (var i = 0; i < map.Length; i++) Assert.Equal(expected[i], map[i], 1e-6);
            k++;
        }
    }

    [Fact]
    public void Equal_pictures_are_entirely_alike()
    {
        var image = Imaging.ImageCodecTests.Noise(20, 16);
        Assert.Equal(1, ImageSimilarity.Ssim(image, image), 1e-12);
        Assert.Equal(1, ImageSimilarity.Ssim(image, image, SsimWindow.Uniform), 1e-12);
        Assert.Equal(double.PositiveInfinity, ImageSimilarity.Psnr(image, image));
    }

    [Fact]
    public void What_cannot_be_compared_is_refused()
    {
        Assert.Throws<ArgumentException>(() => ImageSimilarity.Psnr(new RgbImage(4, 4), new RgbImage(4, 5)));
        Assert.Throws<ArgumentException>(() => ImageSimilarity.Ssim(new RgbImage(10, 30), new RgbImage(10, 30)));
    }
}
