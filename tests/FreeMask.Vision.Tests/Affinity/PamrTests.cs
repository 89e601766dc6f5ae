using FreeMask.Imaging;
using FreeMask.Vision.Affinity;
using Xunit;

namespace FreeMask.Vision.Tests.Affinity;

public sealed class PamrTests
{
    [Fact]
    public void Weights_and_iterations_equal_the_reference()
    {
        var tensors = Golden.Tensors("affinity", "golden.safetensors");
        var spec = Golden.Json("affinity", "golden.json").GetProperty("spec").GetProperty("pamr");
        int[] Numbers(string name) => [.. spec.GetProperty(name).EnumerateArray().Select(n => n.GetInt32())];
        var (channels, height, width) = (
            (int)tensors["pamr.mask"].Shape[0],
            (int)tensors["pamr.image"].Shape[1],
            (int)tensors["pamr.image"].Shape[2]
        );
        var image = Planar(tensors["pamr.image"].Bytes.Span, width, height);
        var options = new PamrOptions { Dilations = Numbers("dilations") };
        var pamr = new Pamr(image, options);
        var weights = tensors["pamr.weights_every_16"].ToSingles();
        for (int k = 0, i = 0; k < 8 * options.Dilations.Count; k++)
            for (var y = 0; y < height; y += 16)
                for (var x = 0; x < width; x += 16, i++) Assert.Equal(weights[i], pamr.Weight(k, x, y), 1e-5);

        for (var channel = 0; channel < channels; channel++)
        {
            var mask = Resampling.ResizeAlignCorners(Golden.Map(tensors["pamr.mask"], channel), width, height);
            Golden.Near(Golden.Map(tensors["pamr.mask_resized"], channel).Values, mask.Values, 1e-5);
            foreach (var iterations in Numbers("iterations"))
            {
                var refined = new Pamr(image, options with { Iterations = iterations }).Refine(mask);
                Golden.Near(
                    Golden.Map(tensors[FormattableString.Invariant($"pamr.result.{iterations}")], channel).Values,
                    refined.Values,
                    1e-5
                );
            }
        }
    }

    [Fact]
    public void A_constant_map_stays_and_a_flat_picture_is_no_error()
    {
        var map = new FloatMap(20, 10);
        map.Values.AsSpan().Fill(0.25f);
        Golden.Near(map.Values, new Pamr(new RgbImage(20, 10)).Refine(map).Values, 1e-5);
    }

    [Fact]
    public void A_map_of_another_size_is_refused() =>
        Assert.Throws<ArgumentException>(() => new Pamr(new RgbImage(4, 4)).Refine(new FloatMap(4, 5)));

    private static RgbImage Planar(ReadOnlySpan<byte> planes, int width, int height)
    {
        var image = new RgbImage(width, height);
        for (var i = 0; i < width * height; i++)
            for (var c = 0; c < 3; c++) image.Pixels[(3 * i) + c] = planes[(c * width * height) + i];
        return image;
    }
}
