using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Harmonization;
using Xunit;

namespace FreeMask.Vision.Tests.Harmonization;

public sealed class SharpnessTests
{
    private const int Side = 96;

    [Fact]
    public void A_blur_lowers_it_and_contrast_does_not()
    {
        var (image, all) = (Texture(0, 60), All());
        var soft = Texture(1, 60);
        Assert.True(Sharpness.Of(soft, all) < 0.6 * Sharpness.Of(image, all));
        Assert.Equal(Sharpness.Of(Texture(1, 30), all), Sharpness.Of(soft, all), 0.05);
    }

    [Fact]
    public void An_object_that_is_sharper_is_blurred_until_it_matches()
    {
        var (image, share, around) = Pasted(objectBlur: 0.6, imageBlur: 1.2);
        var before = image.Clone();
        var inside = Array.ConvertAll(share.Values, s => (byte)(s > 0 ? 1 : 0));
        Assert.True(Sharpness.Of(image, inside) > 1.3 * Sharpness.Of(image, around));
        Assert.True(Sharpness.Match(image, share, around, 1) > 0.3);
        Assert.InRange(Sharpness.Of(image, inside) / Sharpness.Of(image, around), 0.9, 1.1);
        for (var i = 0; i < around.Length; i++)
            if (around[i] != 0)
                Assert.True(before.Pixels.AsSpan(3 * i, 3).SequenceEqual(image.Pixels.AsSpan(3 * i, 3)));
    }

    [Fact]
    public void A_softer_object_and_one_too_small_to_compare_stay()
    {
        var (image, share, around) = Pasted(objectBlur: 1.2, imageBlur: 0.6);
        var before = image.Clone();
        Assert.Equal(0, Sharpness.Match(image, share, around, 1));
        var (sharp, _, _) = Pasted(objectBlur: 0.6, imageBlur: 1.2);
        var dot = new FloatMap(Side, Side);
        dot[48, 48] = 1;
        Assert.Equal(0, Sharpness.Match(sharp, dot, around, 1));
        Assert.Equal(before.Pixels, image.Pixels);
    }

    private static byte[] All() => [.. Enumerable.Repeat((byte)1, Side * Side)];

    private static (RgbImage Image, FloatMap Share, byte[] Around) Pasted(double objectBlur, double imageBlur)
    {
        var (inner, outer) = (Texture(objectBlur, 60), Texture(imageBlur, 60));
        var (share, around) = (new FloatMap(Side, Side), new byte[Side * Side]);
        for (var i = 0; i < around.Length; i++)
        {
            var inside = i % Side is > 24 and < 72 && i / Side is > 24 and < 72;
            (share.Values[i], around[i]) = inside ? (1f, (byte)0) : (0f, (byte)1);
            if (inside) inner.Pixels.AsSpan(3 * i, 3).CopyTo(outer.Pixels.AsSpan(3 * i, 3));
        }

        return (outer, share, around);
    }

    /// <summary>Grey noise under a Gaussian mean, all of one contrast.</summary>
    private static RgbImage Texture(double blur, double contrast)
    {
        var random = new CounterRandom(7, "texture");
        var noise = new double[Side * Side];
        for (var i = 0; i < noise.Length; i++) noise[i] = random.NextGaussian();
        // Real images have details of every size.
        var values = noise.Zip(Mean(noise, 2), (a, b) => a + (4 * b)).ToArray();
        if (blur > 0) values = Mean(values, blur);
        var deviation = Math.Sqrt(values.Average(v => v * v));
        var image = new RgbImage(Side, Side);
        for (var i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)Math.Clamp(128 + (contrast / 2 * values[i / 3] / deviation), 0, 255);
        return image;
    }

    private static double[] Mean(double[] values, double deviation)
    {
        var radius = (int)Math.Ceiling(3 * deviation);
        double Weight(int k) => Math.Exp(-0.5 * k * k / (deviation * deviation));
        double[] Along(double[] source, Func<int, int, int> at)
        {
            var result = new double[source.Length];
            for (var i = 0; i < result.Length; i++)
            {
                double sum = 0, total = 0;
                for (var k = -radius; k <= radius; k++)
                {
                    var index = at(i, k);
                    if (index < 0) continue;
                    sum += Weight(k) * source[index];
                    total += Weight(k);
                }

                result[i] = sum / total;
            }

            return result;
        }

        var rows = Along(values, (i, k) => (uint)((i % Side) + k) < Side ? i + k : -1);
        return Along(rows, (i, k) => (uint)((i / Side) + k) < Side ? i + (k * Side) : -1);
    }
}
