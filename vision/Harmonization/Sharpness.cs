using FreeMask.Imaging;

namespace FreeMask.Vision.Harmonization;

/// <summary>
/// How sharp a part of an image is, and the blur that takes an object down to its surroundings. Sharpness is the deviation of the finest
/// details by that of coarser ones: the difference of lightness from its Gaussian mean of deviation 1, by the difference between the means
/// of deviation 1 and 2. Contrast cancels out; a blur lowers it.
/// </summary>
internal static class Sharpness
{
    private const double Fine = 1, Coarse = 2;

    // Pixels beside the border of a region: they hold the edge of the mask, not the texture of either side.
    private const int Margin = 2;

    private const int LeastPixels = 64;

    private const double MostBlur = 2.5, LeastExcess = 1.05;

    /// <summary>The sharpness of a region; NaN where it is too small or flat.</summary>
    /// <param name="image">The image.</param>
    /// <param name="inside">Not 0 in the region.</param>
    internal static double Of(RgbImage image, byte[] inside) => Of(Lightness(image), inside, image.Width);

    private static double Of(float[] lightness, byte[] inside, int width)
    {
        var core = Regions.Erode(inside, width, Margin, outside: 1);
        // Means take pixels of the region alone, so that neither side of the mask's edge blurs the other.
        return Ratio(lightness, Mean(lightness, inside, width, Fine), Mean(lightness, inside, width, Coarse), core);
    }

    /// <summary>Blurs an object that is sharper than what surrounds it until both are alike.</summary>
    /// <param name="image">Changed in place; nothing outside of the object changes.</param>
    /// <param name="share">How much of each pixel is the object's, 0..1.</param>
    /// <param name="around">Not 0 where its surroundings are.</param>
    /// <param name="strength">How much of the blurred object to take, 0..1.</param>
    /// <returns>The deviation of the blur in pixels; 0 where the object is no sharper, or cannot be compared.</returns>
    internal static double Match(RgbImage image, FloatMap share, byte[] around, double strength)
    {
        var inside = Array.ConvertAll(share.Values, s => (byte)(s > 0.5f ? 1 : 0));
        var lightness = Lightness(image);
        var (own, wanted) = (Of(lightness, inside, image.Width), Of(lightness, around, image.Width));
        if (!(own > LeastExcess * wanted) || strength <= 0) return 0;
        var (low, high) = (0.0, MostBlur);
        for (var step = 0; step < 8; step++)
        {
            var middle = (low + high) / 2;
            if (Of(Mean(lightness, inside, image.Width, middle), inside, image.Width) > wanted) low = middle;
            else high = middle;
        }

        var blurred = Blurred(image, inside, high);
        for (var i = 0; i < inside.Length; i++)
            if (inside[i] != 0)
                for (var c = 0; c < 3; c++)
                    LabTransfer.Blend(image.Pixels, (3 * i) + c, blurred.Pixels[(3 * i) + c] / 255.0, strength * share.Values[i]);
        return high;
    }

    private static RgbImage Blurred(RgbImage image, byte[] inside, double deviation)
    {
        var result = image.Clone();
        for (var c = 0; c < 3; c++)
        {
            var channel = new float[inside.Length];
            for (var i = 0; i < channel.Length; i++) channel[i] = image.Pixels[(3 * i) + c];
            var mean = Mean(channel, inside, image.Width, deviation);
            for (var i = 0; i < channel.Length; i++)
                if (inside[i] != 0) result.Pixels[(3 * i) + c] = (byte)(mean[i] + 0.5f);
        }

        return result;
    }

    /// <summary>The Gaussian mean over pixels of the region; 0 outside.</summary>
    private static float[] Mean(float[] values, byte[] inside, int width, double deviation)
    {
        var radius = (int)Math.Ceiling(3 * deviation);
        var kernel = new float[(2 * radius) + 1];
        for (var k = -radius; k <= radius; k++) kernel[k + radius] = (float)Math.Exp(-0.5 * k * k / (deviation * deviation));
        var weights = Array.ConvertAll(inside, v => v != 0 ? 1f : 0f);
        var weighted = new float[values.Length];
        for (var i = 0; i < values.Length; i++) weighted[i] = weights[i] * values[i];
        var (sums, totals) = (Convolve(weighted, width, kernel), Convolve(weights, width, kernel));
        for (var i = 0; i < sums.Length; i++) sums[i] = inside[i] != 0 ? sums[i] / totals[i] : 0;
        return sums;
    }

    private static float[] Convolve(float[] values, int width, float[] kernel)
    {
        var (height, radius) = (values.Length / width, kernel.Length / 2);
        var (rows, result) = (new float[values.Length], new float[values.Length]);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var sum = 0f;
                for (var k = Math.Max(-radius, -x); k <= Math.Min(radius, width - 1 - x); k++)
                    sum += kernel[k + radius] * values[(y * width) + x + k];
                rows[(y * width) + x] = sum;
            }

        for (var y = 0; y < height; y++)
            for (var k = Math.Max(-radius, -y); k <= Math.Min(radius, height - 1 - y); k++)
                for (var x = 0; x < width; x++) result[(y * width) + x] += kernel[k + radius] * rows[((y + k) * width) + x];
        return result;
    }

    private static double Ratio(float[] lightness, float[] fine, float[] coarse, byte[] core)
    {
        double details = 0, shapes = 0;
        var count = 0;
        for (var i = 0; i < core.Length; i++)
        {
            if (core[i] == 0) continue;
            count++;
            details += Math.Pow(lightness[i] - fine[i], 2);
            shapes += Math.Pow(fine[i] - coarse[i], 2);
        }

        return count < LeastPixels || shapes < 1e-3 * count ? double.NaN : Math.Sqrt(details / shapes);
    }

    private static float[] Lightness(RgbImage image)
    {
        var result = new float[image.Width * image.Height];
        for (var i = 0; i < result.Length; i++)
            result[i] = (float)LabColor.FromRgb(image.Pixels[3 * i], image.Pixels[(3 * i) + 1], image.Pixels[(3 * i) + 2]).L;
        return result;
    }
}
