using FreeMask.Imaging;

namespace FreeMask.Vision.Affinity;

/// <summary>
/// The guided filter (He, Sun and Tang, PAMI 2013): in every window the output is a linear function of the guide's color, so that edges of
/// the image become edges of the map. Windows are cut at the border. Computed in double; guide and map are in 0..1.
/// </summary>
internal static class GuidedFilter
{
    /// <summary>Filters with the image's colors as guide.</summary>
    /// <param name="guide">The image; its levels are taken as 0..1.</param>
    /// <param name="input">The map to smooth, of the same size.</param>
    /// <param name="radius">Windows have the side 2 radius + 1.</param>
    /// <param name="epsilon">Color variance below which a window counts as flat.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static FloatMap Apply(RgbImage guide, FloatMap input, int radius, double epsilon)
    {
        ArgumentNullException.ThrowIfNull(guide);
        ArgumentNullException.ThrowIfNull(input);
        RequireSize(input, guide.Width, guide.Height);
        var mean = new BoxMean(guide.Width, guide.Height, radius);
        var area = input.Values.Length;
        var colors = new double[3][];
        for (var c = 0; c < 3; c++)
        {
            colors[c] = new double[area];
            for (var i = 0; i < area; i++) colors[c][i] = guide.Pixels[(3 * i) + c] / 255.0;
        }

        var p = Widen(input);
        var meanP = mean.Of(p);
        var means = colors.Select(mean.Of).ToArray();
        var cross = colors.Select((color, c) => Covariance(mean, color, p, means[c], meanP)).ToArray();
        var variance = new double[6][];
        for (int c = 0, n = 0; c < 3; c++)
            for (var d = c; d < 3; d++) variance[n++] = Covariance(mean, colors[c], colors[d], means[c], means[d]);

        var a = new[] { new double[area], new double[area], new double[area] };
        var b = new double[area];
        for (var i = 0; i < area; i++)
        {
            var (x, y, z) = SolveSymmetric(
                variance[0][i] + epsilon,
                variance[1][i],
                variance[2][i],
                variance[3][i] + epsilon,
                variance[4][i],
                variance[5][i] + epsilon,
                cross[0][i],
                cross[1][i],
                cross[2][i]
            );
            (a[0][i], a[1][i], a[2][i]) = (x, y, z);
            b[i] = meanP[i] - (x * means[0][i]) - (y * means[1][i]) - (z * means[2][i]);
        }

        var result = new FloatMap(input.Width, input.Height);
        var (ax, ay, az, offset) = (mean.Of(a[0]), mean.Of(a[1]), mean.Of(a[2]), mean.Of(b));
        for (var i = 0; i < area; i++)
            result.Values[i] = (float)((ax[i] * colors[0][i]) + (ay[i] * colors[1][i]) + (az[i] * colors[2][i]) + offset[i]);
        return result;
    }

    /// <summary>Filters with a grey guide of the same size.</summary>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static FloatMap Apply(FloatMap guide, FloatMap input, int radius, double epsilon)
    {
        ArgumentNullException.ThrowIfNull(guide);
        ArgumentNullException.ThrowIfNull(input);
        RequireSize(input, guide.Width, guide.Height);
        var mean = new BoxMean(guide.Width, guide.Height, radius);
        double[] g = Widen(guide), p = Widen(input);
        double[] meanG = mean.Of(g), meanP = mean.Of(p);
        double[] cross = Covariance(mean, g, p, meanG, meanP), variance = Covariance(mean, g, g, meanG, meanG);
        double[] a = new double[g.Length], b = new double[g.Length];
        for (var i = 0; i < g.Length; i++)
        {
            a[i] = cross[i] / (variance[i] + epsilon);
            b[i] = meanP[i] - (a[i] * meanG[i]);
        }

        var (slope, offset) = (mean.Of(a), mean.Of(b));
        var result = new FloatMap(input.Width, input.Height);
        for (var i = 0; i < g.Length; i++) result.Values[i] = (float)((slope[i] * g[i]) + offset[i]);
        return result;
    }

    private static double[] Covariance(BoxMean mean, double[] x, double[] y, double[] meanX, double[] meanY)
    {
        var product = new double[x.Length];
        for (var i = 0; i < x.Length; i++) product[i] = x[i] * y[i];
        var result = mean.Of(product);
        for (var i = 0; i < x.Length; i++) result[i] -= meanX[i] * meanY[i];
        return result;
    }

    // Cramer's rule for the symmetric matrix (a b c; b d e; c e f).
    private static (double X, double Y, double Z) SolveSymmetric(
        double a, double b, double c, double d, double e, double f, double u, double v, double w)
    {
        double m00 = (d * f) - (e * e), m01 = (c * e) - (b * f), m02 = (b * e) - (c * d);
        double m11 = (a * f) - (c * c), m12 = (b * c) - (a * e), m22 = (a * d) - (b * b);
        var determinant = (a * m00) + (b * m01) + (c * m02);
        return (((m00 * u) + (m01 * v) + (m02 * w)) / determinant,
            ((m01 * u) + (m11 * v) + (m12 * w)) / determinant,
            ((m02 * u) + (m12 * v) + (m22 * w)) / determinant);
    }

    private static double[] Widen(FloatMap map) => Array.ConvertAll(map.Values, v => (double)v);

    private static void RequireSize(FloatMap input, int width, int height)
    {
        if ((input.Width, input.Height) != (width, height))
            throw new ArgumentException($"The map is {input.Width} x {input.Height}, the guide {width} x {height}.", nameof(input));
    }

    /// <summary>Means over square windows that are cut at the border, by running sums.</summary>
    private sealed class BoxMean(int width, int height, int radius)
    {
        internal double[] Of(double[] values)
        {
            var rows = new double[values.Length];
            for (var y = 0; y < height; y++) Slide(values, rows, y * width, 1, width);
            var result = new double[values.Length];
            for (var x = 0; x < width; x++) Slide(rows, result, x, width, height);
            for (var y = 0; y < height; y++)
                for (var x = 0; x < width; x++) result[(y * width) + x] /= Covered(x, width) * Covered(y, height);
            return result;
        }

        private double Covered(int at, int length) => Math.Min(at + radius, length - 1) - Math.Max(at - radius, 0) + 1;

        private void Slide(double[] source, double[] target, int start, int stride, int length)
        {
            double sum = 0;
            for (var i = 0; i < Math.Min(radius, length); i++) sum += source[start + (i * stride)];
            for (var i = 0; i < length; i++)
            {
                if (i + radius < length) sum += source[start + ((i + radius) * stride)];
                target[start + (i * stride)] = sum;
                if (i - radius >= 0) sum -= source[start + ((i - radius) * stride)];
            }
        }
    }
}
