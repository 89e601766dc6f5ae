using FreeMask.Imaging;
using Xunit;

namespace FreeMask.Vision.Tests.Imaging;

public sealed class ResamplingTests
{
    [Theory]
    [InlineData("torch_bilinear_half_pixel", ResamplingFilter.Bilinear)]
    [InlineData("torch_bicubic_half_pixel", ResamplingFilter.Bicubic)]
    [InlineData("torch_bilinear_half_pixel_antialias", ResamplingFilter.Antialias)]
    public void Maps_equal_torch(string name, ResamplingFilter filter)
    {
        var tensors = Golden.Tensors("golden", "images", "resize.safetensors");
        var source = tensors["source"];
        foreach (var size in (string[])["half", "down", "up", "mixed"])
        {
            var expected = tensors[$"{name}_{size}"];
            for (var channel = 0; channel < 3; channel++)
            {
                var map = Channel(source.ToSingles(), (int)source.Shape[1], (int)source.Shape[0], channel);
                var result = Resampling.Resize(map, (int)expected.Shape[1], (int)expected.Shape[0], filter);
                Golden.Near(Channel(expected.ToSingles(), result.Width, result.Height, channel).Values, result.Values, 1e-3);
            }
        }
    }

    [Fact]
    public void Aligned_corners_equal_torch()
    {
        var tensors = Golden.Tensors("golden", "images", "resize.safetensors");
        var source = tensors["source"];
        foreach (var size in (string[])["half", "down", "up", "mixed"])
        {
            var expected = tensors[$"torch_bilinear_align_corners_{size}"];
            var (width, height) = ((int)expected.Shape[1], (int)expected.Shape[0]);
            for (var channel = 0; channel < 3; channel++)
            {
                var result = Resampling.ResizeAlignCorners(
                    Channel(source.ToSingles(), (int)source.Shape[1], (int)source.Shape[0], channel),
                    width,
                    height
                );
                Golden.Near(Channel(expected.ToSingles(), width, height, channel).Values, result.Values, 1e-3);
            }
        }
    }

    [Theory]
    [InlineData("opencv_linear", ResamplingFilter.Bilinear, "half,down,up,mixed")]
    [InlineData("opencv_cubic", ResamplingFilter.Bicubic, "half,down,up,mixed")]
    [InlineData("opencv_area", ResamplingFilter.Area, "half,down,up,mixed")]
    [InlineData("opencv_nearest_exact", ResamplingFilter.Nearest, "half,down,up,mixed")]
    [InlineData("opencv_nearest", ResamplingFilter.NearestFloor, "half,down,up,mixed")]
    [InlineData("opencv_lanczos4", ResamplingFilter.Lanczos, "half,down,up,mixed")]
    [InlineData("pil_nearest", ResamplingFilter.NearestStepped, "half,down,up,mixed")]
    [InlineData("pil_box", ResamplingFilter.AntialiasBox, "half,down,up,mixed")]
    [InlineData("pil_bilinear", ResamplingFilter.Antialias, "half,down,up,mixed")]
    [InlineData("pil_hamming", ResamplingFilter.AntialiasHamming, "half,down,up,mixed")]
    [InlineData("pil_bicubic", ResamplingFilter.AntialiasBicubic, "half,down,up,mixed")]
    [InlineData("pil_lanczos", ResamplingFilter.AntialiasLanczos, "half,down,up,mixed")]
    public void Images_equal_their_libraries(string name, ResamplingFilter filter, string sizes)
    {
        var tensors = Golden.Tensors("golden", "images", "resize.safetensors");
        foreach (var size in sizes.Split(','))
        {
            var expected = Golden.Rgb(tensors[$"{name}_{size}"]);
            Golden.Near(
                expected.Pixels,
                Resampling.Resize(Golden.Rgb(tensors["source"]), expected.Width, expected.Height, filter).Pixels,
                filter is ResamplingFilter.Nearest or ResamplingFilter.NearestFloor or ResamplingFilter.NearestStepped ? 0 : 1
            );
        }
    }

    [Theory]
    [InlineData("opencv_labels_nearest", ResamplingFilter.NearestFloor)]
    [InlineData("pil_labels_nearest", ResamplingFilter.NearestStepped)]
    public void Labels_equal_their_libraries(string name, ResamplingFilter filter)
    {
        var tensors = Golden.Tensors("golden", "images", "resize.safetensors");
        foreach (var size in (string[])["half", "down", "up", "mixed"])
        {
            var expected = Golden.Labels(tensors[$"{name}_{size}"]);
            Assert.Equal(
                expected.Labels,
                Resampling.Resize(Golden.Labels(tensors["labels"]), expected.Width, expected.Height, filter).Labels
            );
        }
    }

    [Fact]
    public void Labels_are_never_mixed()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampling.Resize(new LabelMap(2, 2), 1, 1, ResamplingFilter.Bilinear));
        var labels = new LabelMap(3, 1, [0, 255, 7]);
        Assert.Equal([0, 0, 255, 255, 7, 7], Resampling.Resize(labels, 6, 1).Labels);
    }

    private static FloatMap Channel(float[] interleaved, int width, int height, int channel)
    {
        var map = new FloatMap(width, height);
        for (var i = 0; i < map.Values.Length; i++) map.Values[i] = interleaved[(3 * i) + channel];
        return map;
    }
}
