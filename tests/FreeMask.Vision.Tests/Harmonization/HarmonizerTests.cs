using CsCheck;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Harmonization;
using Xunit;

namespace FreeMask.Vision.Tests.Harmonization;

public sealed class HarmonizerTests
{
    [Theory]
    [InlineData("1", 2664.7, 13.87, 5520)]
    [InlineData("3", 488.7, 21.24, 732)]
    public void Real_composites_become_better(string name, double mse, double psnr, double foreground)
    {
        var composite = ImageCodec.Load(Fixtures.Data("harmonization", $"{name}.png"));
        var truth = ImageCodec.Load(Fixtures.Data("harmonization", $"{name}-gt.png"));
        var mask = Mask(Fixtures.Data("harmonization", $"{name}-mask.png"));
        var before = HarmonizationMetrics.Compare(composite, truth, mask);
        Assert.Equal(mse, before.Mse, 0.1);
        Assert.Equal(psnr, before.Psnr, 0.01);
        Assert.Equal(foreground, before.ForegroundMse, 1.0);

        var after = HarmonizationMetrics.Compare(Harmonizer.Harmonize(composite, mask).Image, truth, mask);
        Assert.True(after.ForegroundMse < 0.8 * before.ForegroundMse, $"fMSE {before.ForegroundMse:F1} -> {after.ForegroundMse:F1}");
        Assert.True(after.Psnr > before.Psnr);
    }

    [Fact]
    public void Disturbed_real_objects_come_nearer_to_the_truth_on_average()
    {
        var images = Directory.GetFiles(Fixtures.Data("labelme-objects", "images")).Order(StringComparer.Ordinal).ToArray();
        double gain = 0, before = 0, after = 0;
        int count = 0, worse = 0;
        for (var i = 0; i < images.Length; i += 12)
        {
            var truth = ImageCodec.Load(images[i]);
            var mask = Mask(
                images[i].Replace("images", "masks", StringComparison.Ordinal).Replace(".jpg", ".png", StringComparison.Ordinal)
            );
            var area = mask.Labels.Count(m => m > 0);
            if ((mask.Width, mask.Height) != (truth.Width, truth.Height) || area < 500 || area > 0.6 * mask.Labels.Length) continue;
            var composite = Disturb(truth, mask, new CounterRandom(5, i, 0, "disturb"));
            var a = HarmonizationMetrics.Compare(composite, truth, mask);
            var b = HarmonizationMetrics.Compare(Harmonizer.Harmonize(composite, mask).Image, truth, mask);
            count++;
            gain += b.Psnr - a.Psnr;
            before += a.ForegroundMse;
            after += b.ForegroundMse;
            if (b.Psnr < a.Psnr - 0.01) worse++;
        }

        Assert.True(gain > 0, $"mean gain {gain / count:F2} dB over {count}");
        Assert.True(after < before, $"fMSE {before / count:F0} -> {after / count:F0}");
        Assert.True(worse < 0.35 * count, $"{worse} of {count} became worse");
    }

    [Fact]
    public void Pixels_outside_never_change() => Gen.Int[0, 100_000].Sample(
        seed =>
        {
            var random = new CounterRandom((ulong)seed, "picture");
            var image = new RgbImage(40, 30);
            var pasted = new LabelMap(40, 30);
            var instances = new LabelMap(40, 30);
            for (var i = 0; i < pasted.Labels.Length; i++)
            {
                int x = i % 40, y = i / 40;
                byte object_ = (byte)(x is > 4 and < 14 && y > 8 ? 2 : x is > 20 and < 33 && y is > 3 and < 20 ? 3 : 0);
                instances.Labels[i] = object_ == 0 && x > 36 ? (byte)1 : object_;
                pasted.Labels[i] = object_ == 0 ? (byte)0 : (byte)(128 + random.NextInt(128));
                for (var c = 0; c < 3; c++) image.Pixels[(3 * i) + c] = (byte)((object_ * 60) + random.NextInt(70));
            }

            var result = Harmonizer.Harmonize(image, pasted, instances);
            Assert.Equal([2, 3], result.Objects.Select(o => (int)o.Instance));
            for (var i = 0; i < pasted.Labels.Length; i++)
                if (pasted.Labels[i] == 0) Assert.True(image.Pixels.AsSpan(3 * i, 3).SequenceEqual(result.Image.Pixels.AsSpan(3 * i, 3)));
        },
        iter: 30);

    [Fact]
    public void Strength_zero_and_nothing_pasted_change_nothing()
    {
        var (image, mask) = Patch(230);
        Assert.Equal(image.Pixels, Harmonizer.Harmonize(image, mask, options: new HarmonizationOptions { Strength = 0 }).Image.Pixels);
        Assert.Equal(image.Pixels, Harmonizer.Harmonize(image, new LabelMap(64, 64)).Image.Pixels);
    }

    [Fact]
    public void What_looks_natural_is_left_alone_and_what_does_not_moves_towards_its_surroundings()
    {
        var (natural, mask) = Patch(110);
        Assert.Equal(natural.Pixels, Harmonizer.Harmonize(natural, mask).Image.Pixels);

        var (odd, _) = Patch(240);
        var result = Harmonizer.Harmonize(odd, mask);
        Assert.Equal(1, result.Objects.Single().Gate);
        Assert.True(result.Objects.Single().ShiftL < -5);
        Assert.InRange(result.Image[32, 32][0], 120, 239);
    }

    [Fact]
    public void Metrics_of_known_differences()
    {
        var truth = new RgbImage(2, 1);
        var picture = new RgbImage(2, 1, [3, 0, 0, 0, 0, 0]);
        var metrics = HarmonizationMetrics.Compare(picture, truth, new LabelMap(2, 1, [255, 0]));
        Assert.Equal(1.5, metrics.Mse, 9);
        Assert.Equal(3, metrics.ForegroundMse, 9);
        Assert.Equal(10 * Math.Log10(65025 / 1.5), metrics.Psnr, 9);
        Assert.True(double.IsPositiveInfinity(HarmonizationMetrics.Compare(truth, truth, new LabelMap(2, 1)).Psnr));
    }

    private static (RgbImage Image, LabelMap Mask) Patch(byte level)
    {
        var image = new RgbImage(64, 64);
        var mask = new LabelMap(64, 64);
        for (var y = 0; y < 64; y++)
        {
            for (var x = 0; x < 64; x++)
            {
                var inside = x is > 20 and < 44 && y is > 20 and < 44;
                image[x, y].Fill(inside ? level : (byte)(70 + ((x + y) % 7)));
                mask[x, y] = inside ? (byte)255 : (byte)0;
            }
        }

        return (image, mask);
    }

    private static LabelMap Mask(string path)
    {
        var image = ImageCodec.Load(path);
        return new LabelMap(
            image.Width,
            image.Height,
            [.. Enumerable.Range(0, image.Width * image.Height).Select(i => image.Pixels[3 * i] > 127 ? (byte)255 : (byte)0)]
        );
    }

    /// <summary>Shifts the object's Lab means by 12, 7, 9 and scales its contrast by exp(0.2), standard deviations, as automatic
    /// recoloring does.</summary>
    private static RgbImage Disturb(RgbImage truth, LabelMap mask, CounterRandom random)
    {
        double[] shift = [12 * random.NextGaussian(), 7 * random.NextGaussian(), 9 * random.NextGaussian()];
        double[] scale =
        [
            Math.Exp(0.2 * random.NextGaussian()),
            Math.Exp(0.2 * random.NextGaussian()),
            Math.Exp(0.2 * random.NextGaussian()),
        ];
        var lab = LabColor.FromRgb(truth);
        var inside = Enumerable.Range(0, mask.Labels.Length).Where(i => mask.Labels[i] > 0).ToArray();
        for (var c = 0; c < 3; c++)
        {
            var mean = inside.Average(i => lab[(3 * i) + c]);
            foreach (var i in inside) lab[(3 * i) + c] = (float)(mean + (scale[c] * (lab[(3 * i) + c] - mean)) + shift[c]);
        }

        var recolored = LabColor.ToRgb(truth.Width, truth.Height, lab);
        var composite = truth.Clone();
        foreach (var i in inside) recolored.Pixels.AsSpan(3 * i, 3).CopyTo(composite.Pixels.AsSpan(3 * i, 3));
        return composite;
    }
}
