using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Tensors;
using FreeMask.Vision.Affinity;
using Xunit;

namespace FreeMask.Vision.Tests.Affinity;

public sealed class DenseCrfTests
{
    [Fact]
    public void Marginals_and_labels_equal_pydensecrf()
    {
        foreach (var (image, tensors, ids, options, crop) in Crops())
            foreach (var steps in (int[])[1, 5, 10])
            {
                var q = Infer(image, tensors["unary"].ToSingles(), ids.Length, options with { Iterations = steps });
                var expected = tensors[$"q_{steps}"].ToSingles();
                var mean = q.Zip(expected, (a, b) => Math.Abs(a - b)).Average();
                Assert.True(mean < 0.001, $"mean difference {mean:g4} after {steps} steps");
                var labels = Labels(q, ids);
                Assert.True(Agreement(labels, tensors[$"label_{steps}"].Bytes.Span) > 0.999);

                // What the reference says of these labels follows from them.
                var stated = crop.GetProperty("iterations")
                .GetProperty(steps.ToString(System.Globalization.CultureInfo.InvariantCulture))
                .GetProperty("iou");
                for (var c = 0; c < ids.Length; c++)
                    Assert.Equal(stated[c].GetDouble(), Iou(labels, tensors["truth"].Bytes.Span, ids[c]), 0.005);
            }
    }

    [Fact]
    public void Each_kernel_alone_gives_the_reference_labels()
    {
        foreach (var (image, tensors, ids, options, _) in Crops())
        {
            var unary = tensors["unary"].ToSingles();
            var gaussian = Infer(image, unary, ids.Length, options with { Iterations = 5, BilateralWeight = 0 });
            var bilateral = Infer(image, unary, ids.Length, options with { Iterations = 5, GaussianWeight = 0 });
            Assert.True(Agreement(Labels(gaussian, ids), tensors["label_5_gaussian_only"].Bytes.Span) > 0.999);
            Assert.True(Agreement(Labels(bilateral, ids), tensors["label_5_bilateral_only"].Bytes.Span) > 0.999);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(10)]
    public void The_lattice_stays_near_the_exact_sum(int steps)
    {
        var tensors = Golden.Tensors("golden", "crf", "exact.safetensors");
        var image = Golden.Rgb(tensors["rgb"]);
        var (pixels, classes) = (image.Width * image.Height, (int)tensors["unary"].Shape[0]);
        var q = Infer(
            image,
            tensors["unary"].ToSingles(),
            classes,
            Options(Golden.Json("golden", "crf", "crf.json").GetProperty("exact")) with
            {
                Iterations = steps,
            }
        );
        // The file holds these arrays pixel by pixel (as pydensecrf's memory lies), not class by class as its shape says.
        var lattice = tensors[$"lattice_{steps}"].ToSingles();
        var toLattice = Enumerable.Range(0, q.Length).Average(i => Math.Abs(q[i] - lattice[(i % pixels * classes) + (i / pixels)]));
        var toExact = q.Zip(tensors[$"exact_with_self_{steps}"].ToSingles(), (a, b) => Math.Abs(a - b)).Average();
        Assert.True(toLattice < 0.001 && toExact < 0.02, $"mean difference {toLattice:g4} to pydensecrf, {toExact:g4} to the exact sum");
    }

    [Theory]
    [InlineData("exact_with_self", true)]
    [InlineData("exact_without_self", false)]
    public void The_sum_over_all_pairs_equals_the_reference(string name, bool withSelf)
    {
        var tensors = Golden.Tensors("golden", "crf", "exact.safetensors");
        var options = Options(Golden.Json("golden", "crf", "crf.json").GetProperty("exact"));
        foreach (var steps in (int[])[1, 5, 10])
        {
            var q = new ExactCrf(Golden.Rgb(tensors["rgb"]), options, withSelf).Infer(tensors["unary"].ToSingles(), steps);
            Golden.Near(tensors[$"{name}_{steps}"].ToSingles(), q, 1e-4);
        }
    }

    [Fact]
    public void Marginals_sum_to_one()
    {
        var image = Resampling.Resize(Imaging.ImageCodecTests.Noise(5, 4), 40, 30, ResamplingFilter.Bilinear);
        var unary = new float[3 * 1200];
        for (var i = 0; i < unary.Length; i++) unary[i] = i % 7 / 3f;
        var q = Infer(image, unary, 3, new DenseCrfOptions { Iterations = 3 });
        for (var i = 0; i < 1200; i++) Assert.Equal(1, q[i] + q[1200 + i] + q[2400 + i], 1e-5);
    }

    private static IEnumerable<(RgbImage Image, SafetensorsFile Tensors, byte[] Ids, DenseCrfOptions Options, JsonElement Crop)> Crops()
    {
        var golden = Golden.Json("golden", "crf", "crf.json");
        foreach (var crop in golden.GetProperty("crops").EnumerateArray())
            yield return (
                ImageCodec.Load(Fixtures.Path("golden", "crf", crop.GetProperty("image").GetString()!)),
                Golden.Tensors("golden", "crf", crop.GetProperty("tensors").GetString()!),
                [.. crop.GetProperty("labels").EnumerateArray().Select(e => e.GetByte())],
                Options(golden),
                crop);
    }

    private static DenseCrfOptions Options(JsonElement stated)
    {
        var (gaussian, bilateral) = (stated.GetProperty("gaussian"), stated.GetProperty("bilateral"));
        return new DenseCrfOptions
        {
            GaussianSigma = gaussian.GetProperty("sxy").GetSingle(),
            GaussianWeight = gaussian.GetProperty("compat").GetSingle(),
            BilateralSigma = bilateral.GetProperty("sxy").GetSingle(),
            ColorSigma = bilateral.GetProperty("srgb").GetSingle(),
            BilateralWeight = bilateral.GetProperty("compat").GetSingle(),
        };
    }

    private static double Iou(byte[] labels, ReadOnlySpan<byte> truth, byte id)
    {
        double both = 0, either = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            if (truth[i] == 255) continue;
            if (labels[i] == id && truth[i] == id) both++;
            if (labels[i] == id || truth[i] == id) either++;
        }

        return both / either;
    }

    private static float[] Infer(RgbImage image, float[] unary, int classes, DenseCrfOptions options) =>
        new DenseCrf(image, options).Infer(unary, classes);

    private static byte[] Labels(float[] q, byte[] ids)
    {
        var pixels = q.Length / ids.Length;
        return [.. Enumerable.Range(0, pixels).Select(i => ids[Enumerable.Range(0, ids.Length).MaxBy(c => q[(c * pixels) + i])])];
    }

    private static double Agreement(byte[] labels, ReadOnlySpan<byte> expected)
    {
        var equal = 0;
        for (var i = 0; i < labels.Length; i++)
            if (labels[i] == expected[i]) equal++;
        return (double)equal / labels.Length;
    }
}
