namespace FreeMask.Vision.Imaging;

/// <summary>Per target pixel of one axis: <see cref="Taps"/> source indices and weights. Unused taps have weight 0.</summary>
internal sealed class ResamplingTaps
{
    // OpenCV and torch use this cubic parameter, Pillow -0.5 (golden resize data).
    private const double CubicA = -0.75;

    private ResamplingTaps(int length, int taps)
    {
        Length = length;
        Taps = taps;
        Index = new int[length * taps];
        Weight = new float[length * taps];
    }

    internal int Length { get; }

    internal int Taps { get; }

    internal int[] Index { get; }

    internal float[] Weight { get; }

    internal static ResamplingTaps Make(int source, int target, ResamplingFilter filter)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(target);
        var scale = (double)source / target;
        return filter switch
        {
            ResamplingFilter.Nearest => Nearest(source, target, scale),
            ResamplingFilter.Bilinear => Interpolate(source, target, 2, i => ((i + 0.5) * scale) - 0.5, f => [1 - f, f]),
            ResamplingFilter.Bicubic => Interpolate(source, target, 4, i => ((i + 0.5) * scale) - 0.5, Cubic),
            ResamplingFilter.Area => Window(source, target, scale, scale / 2, (j, centre) => Math.Max(0, Math.Min(j + 1, centre + (scale / 2)) - Math.Max(j, centre - (scale / 2)))),
            ResamplingFilter.Antialias => Window(source, target, scale, Math.Max(1, scale), (j, centre) => Math.Max(0, 1 - (Math.Abs(j + 0.5 - centre) / Math.Max(1, scale)))),
            _ => throw new ArgumentOutOfRangeException(nameof(filter), filter, "This filter is not known."),
        };
    }

    internal static ResamplingTaps AlignCorners(int source, int target)
    {
        var scale = target > 1 ? (double)(source - 1) / (target - 1) : 0;
        return Interpolate(source, target, 2, i => i * scale, f => [1 - f, f]);
    }

    private static ResamplingTaps Nearest(int source, int target, double scale)
    {
        var taps = new ResamplingTaps(target, 1);
        for (var i = 0; i < target; i++) (taps.Index[i], taps.Weight[i]) = (Math.Min((int)((i + 0.5) * scale), source - 1), 1);
        return taps;
    }

    private static ResamplingTaps Interpolate(int source, int target, int count, Func<int, double> position, Func<double, double[]> weights)
    {
        var taps = new ResamplingTaps(target, count);
        for (var i = 0; i < target; i++)
        {
            var at = position(i);
            var floor = (int)Math.Floor(at);
            var w = weights(at - floor);
            for (var k = 0; k < count; k++)
            {
                taps.Index[(i * count) + k] = Math.Clamp(floor + k + 1 - (count / 2), 0, source - 1);
                taps.Weight[(i * count) + k] = (float)w[k];
            }
        }

        return taps;
    }

    // "weigh" gives the weight of source pixel j for a target pixel whose centre lies at the given source position.
    private static ResamplingTaps Window(int source, int target, double scale, double radius, Func<int, double, double> weigh)
    {
        var taps = new ResamplingTaps(target, (int)Math.Ceiling(2 * radius) + 2);
        var weights = new double[taps.Taps];
        for (var i = 0; i < target; i++)
        {
            var centre = (i + 0.5) * scale;
            var first = Math.Max(0, (int)Math.Floor(centre - radius));
            for (var k = 0; k < taps.Taps; k++) weights[k] = first + k < source ? weigh(first + k, centre) : 0;
            var total = weights.Sum();
            for (var k = 0; k < taps.Taps; k++)
            {
                taps.Index[(i * taps.Taps) + k] = Math.Min(first + k, source - 1);
                taps.Weight[(i * taps.Taps) + k] = (float)(weights[k] / total);
            }
        }

        return taps;
    }

    private static double[] Cubic(double f)
    {
        static double Near(double x) => ((((CubicA + 2) * x) - (CubicA + 3)) * x * x) + 1;
        static double Far(double x) => (((((x - 5) * x) + 8) * x) - 4) * CubicA;
        return [Far(f + 1), Near(f), Near(1 - f), Far(2 - f)];
    }
}
