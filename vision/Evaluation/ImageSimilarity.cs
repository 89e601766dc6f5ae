using FreeMask.Imaging;

namespace FreeMask.Vision.Evaluation;

/// <summary>The window over which structural similarity compares; both as in scikit-image's <c>structural_similarity</c>.</summary>
internal enum SsimWindow
{
    /// <summary>11 x 11 Gaussian of deviation 1.5, covariances of the population: the published form (Wang et al., IEEE TIP
    /// 2004).</summary>
    Gaussian,

    /// <summary>7 x 7, all alike, covariances of the sample: scikit-image's default.</summary>
    Uniform,
}

/// <summary>How alike two images of one size are, pixel by pixel. Levels are 0..255.</summary>
internal static class ImageSimilarity
{
    private const double Range = 255, C1 = 0.01 * Range * (0.01 * Range), C2 = 0.03 * Range * (0.03 * Range);

    /// <summary>The mean squared difference over pixels and channels.</summary>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static double MeanSquaredError(RgbImage a, RgbImage b)
    {
        RequireSize(a, b);
        return MeanSquaredError(a.Pixels, b.Pixels);
    }

    /// <summary>The peak signal-to-noise ratio in dB, 10 log10(255² / mean squared error); infinite for equal images.</summary>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static double Psnr(RgbImage a, RgbImage b) => Psnr(MeanSquaredError(a, b));

    /// <summary>The structural similarity, the mean of the three channels; 1 for equal images.</summary>
    /// <exception cref="ArgumentException">The sizes differ, or a side is smaller than the window.</exception>
    public static double Ssim(RgbImage a, RgbImage b, SsimWindow window = SsimWindow.Gaussian)
    {
        RequireSize(a, b);
        var sum = 0.0;
        for (var c = 0; c < 3; c++) sum += Ssim(Channel(a, c), Channel(b, c), a.Width, window).Mean;
        return sum / 3;
    }

    internal static double MeanSquaredError(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        long squares = 0;
        for (var i = 0; i < a.Length; i++) squares += (a[i] - b[i]) * (a[i] - b[i]);
        return (double)squares / a.Length;
    }

    internal static double Psnr(double meanSquaredError) => 10 * Math.Log10(Range * Range / meanSquaredError);

    /// <summary>Of one channel: the map, and its mean without a border of half a window.</summary>
    internal static (double Mean, double[] Map) Ssim(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, int width, SsimWindow window)
    {
        var weights = window == SsimWindow.Gaussian ? GaussianWeights() : [.. Enumerable.Repeat(1 / 7.0, 7)];
        var (height, border) = (a.Length / width, weights.Length / 2);
        if (Math.Min(width, height) < weights.Length)
            throw new ArgumentException($"A {width} x {height} image is smaller than the window of {weights.Length}.", nameof(width));
        var correction = window == SsimWindow.Uniform ? 49.0 / 48 : 1;
        double[] x = Widen(a), y = Widen(b);
        double[] meanX = Filter(x, width, weights), meanY = Filter(y, width, weights);
        double[] xx = Filter(Product(x, x), width, weights),
            yy = Filter(Product(y, y), width, weights),
            xy = Filter(Product(x, y), width, weights);
        var map = new double[x.Length];
        double sum = 0;
        for (var i = 0; i < map.Length; i++)
        {
            var (mx, my) = (meanX[i], meanY[i]);
            double vx = correction * (xx[i] - (mx * mx)),
                vy = correction * (yy[i] - (my * my)),
                covariance = correction * (xy[i] - (mx * my));
            map[i] = ((2 * mx * my) + C1) * ((2 * covariance) + C2) / (((mx * mx) + (my * my) + C1) * (vx + vy + C2));
            var (column, row) = (i % width, i / width);
            if (column >= border && column < width - border && row >= border && row < height - border) sum += map[i];
        }

        return (sum / ((width - (2 * border)) * (height - (2 * border))), map);
    }

    private static double[] GaussianWeights()
    {
        var weights = Enumerable.Range(-5, 11).Select(i => Math.Exp(-0.5 * i * i / (1.5 * 1.5))).ToArray();
        var sum = weights.Sum();
        return Array.ConvertAll(weights, w => w / sum);
    }

    // Separable; the image is mirrored at its border, the edge pixel included.
    private static double[] Filter(double[] values, int width, double[] weights)
    {
        var height = values.Length / width;
        var (rows, result) = (new double[values.Length], new double[values.Length]);
        var radius = weights.Length / 2;
        for (var k = -radius; k <= radius; k++)
        {
            var weight = weights[k + radius];
            for (var i = 0; i < values.Length; i++) rows[i] += weight * values[i - (i % width) + Mirror((i % width) + k, width)];
        }

        for (var k = -radius; k <= radius; k++)
        {
            var weight = weights[k + radius];
            for (var y = 0; y < height; y++)
            {
                var (from, to) = (Mirror(y + k, height) * width, y * width);
                for (var x = 0; x < width; x++) result[to + x] += weight * rows[from + x];
            }
        }

        return result;
    }

    private static int Mirror(int at, int length) => at < 0 ? -1 - at : at >= length ? (2 * length) - 1 - at : at;

    private static double[] Product(double[] a, double[] b)
    {
        var result = new double[a.Length];
        for (var i = 0; i < a.Length; i++) result[i] = a[i] * b[i];
        return result;
    }

    private static double[] Widen(ReadOnlySpan<byte> levels)
    {
        var result = new double[levels.Length];
        for (var i = 0; i < result.Length; i++) result[i] = levels[i];
        return result;
    }

    private static byte[] Channel(RgbImage image, int channel)
    {
        var result = new byte[image.Width * image.Height];
        for (var i = 0; i < result.Length; i++) result[i] = image.Pixels[(3 * i) + channel];
        return result;
    }

    private static void RequireSize(RgbImage a, RgbImage b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if ((a.Width, a.Height) != (b.Width, b.Height))
            throw new ArgumentException($"The images are {a.Width} x {a.Height} and {b.Width} x {b.Height}.", nameof(b));
    }
}
