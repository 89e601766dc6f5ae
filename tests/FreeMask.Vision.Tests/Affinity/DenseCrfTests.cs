using FreeMask.Vision.Affinity;
using FreeMask.Vision.Imaging;
using Xunit;

namespace FreeMask.Vision.Tests.Affinity;

public sealed class DenseCrfTests
{
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    public void Marginals_and_labels_equal_pydensecrf(int crop, int classes)
    {
        var tensors = Golden.Tensors("golden", "crf", $"crop_{crop}.safetensors");
        var image = ImageCodec.Load(Fixtures.Path("golden", "crf", $"crop_{crop}.png"));
        var ids = Golden.Json("golden", "crf", "crf.json").GetProperty("crops")[crop].GetProperty("labels").EnumerateArray().Select(e => e.GetByte()).ToArray();
        foreach (var steps in (int[])[1, 5, 10])
        {
            var q = Infer(image, tensors["unary"].ToSingles(), classes, new DenseCrfOptions { Iterations = steps });
            var expected = tensors[$"q_{steps}"].ToSingles();
            var mean = q.Zip(expected, (a, b) => Math.Abs(a - b)).Average();
            Assert.True(mean < 0.001, $"mean difference {mean:g4} after {steps} steps");
            Assert.True(Agreement(Labels(q, ids), tensors[$"label_{steps}"].Bytes.Span) > 0.999);
        }
    }

    [Fact]
    public void Each_kernel_alone_gives_the_reference_labels()
    {
        var tensors = Golden.Tensors("golden", "crf", "crop_2.safetensors");
        var image = ImageCodec.Load(Fixtures.Path("golden", "crf", "crop_2.png"));
        var unary = tensors["unary"].ToSingles();
        byte[] ids = [0, 11, 15];
        var gaussian = Infer(image, unary, 3, new DenseCrfOptions { Iterations = 5, BilateralWeight = 0 });
        var bilateral = Infer(image, unary, 3, new DenseCrfOptions { Iterations = 5, GaussianWeight = 0 });
        Assert.True(Agreement(Labels(gaussian, ids), tensors["label_5_gaussian_only"].Bytes.Span) > 0.999);
        Assert.True(Agreement(Labels(bilateral, ids), tensors["label_5_bilateral_only"].Bytes.Span) > 0.999);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(10)]
    public void The_lattice_stays_near_the_exact_sum(int steps)
    {
        var tensors = Golden.Tensors("golden", "crf", "exact.safetensors");
        var q = Infer(Golden.Rgb(tensors["rgb"]), tensors["unary"].ToSingles(), 2,
            new DenseCrfOptions { Iterations = steps, BilateralSigma = 12, ColorSigma = 15, BilateralWeight = 5 });
        // The file holds these arrays pixel by pixel (as pydensecrf's memory lies), not class by class as its shape says.
        var lattice = tensors[$"lattice_{steps}"].ToSingles();
        var toLattice = Enumerable.Range(0, q.Length).Average(i => Math.Abs(q[i] - lattice[(i % 1600 * 2) + (i / 1600)]));
        var toExact = q.Zip(tensors[$"exact_with_self_{steps}"].ToSingles(), (a, b) => Math.Abs(a - b)).Average();
        Assert.True(toLattice < 0.001 && toExact < 0.02, $"mean difference {toLattice:g4} to pydensecrf, {toExact:g4} to the exact sum");
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

    private static float[] Infer(RgbImage image, float[] unary, int classes, DenseCrfOptions options) => new DenseCrf(image, options).Infer(unary, classes);

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
