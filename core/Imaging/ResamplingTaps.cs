namespace FreeMask.Imaging;

/// <summary>Per target pixel of one axis: <see cref="Taps"/> source indices and weights. Unused taps have weight 0.</summary>
internal sealed class ResamplingTaps
{
    // OpenCV and torch use this cubic parameter, Pillow -0.5 (golden resize data).
    private const double CubicA = -0.75, PillowCubicA = -0.5;

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

    /// <summary>Columns and rows. One axis that grows makes OpenCV's area filter another one, on both axes.</summary>
    internal static (ResamplingTaps Columns, ResamplingTaps Rows) Make(
        (int Width, int Height) source,
        (int Width, int Height) target,
        ResamplingFilter filter
    ) =>
        filter == ResamplingFilter.Area && (target.Width > source.Width || target.Height > source.Height)
            ? (GrownArea(source.Width, target.Width), GrownArea(source.Height, target.Height))
            : (Make(source.Width, target.Width, filter), Make(source.Height, target.Height, filter));

    private static ResamplingTaps Make(int source, int target, ResamplingFilter filter)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(target);
        var scale = (double)source / target;
        return filter switch
        {
            ResamplingFilter.Nearest => Nearest(source, target, i => (i + 0.5) * scale),
            ResamplingFilter.NearestFloor => Nearest(source, target, i => i * scale),
            ResamplingFilter.NearestStepped => Stepped(source, target, scale),
            ResamplingFilter.Bilinear => Interpolate(source, target, 2, i => ((i + 0.5) * scale) - 0.5, f => [1 - f, f]),
            ResamplingFilter.Bicubic => Interpolate(source, target, 4, i => ((i + 0.5) * scale) - 0.5, Cubic),
            ResamplingFilter.Lanczos => Interpolate(source, target, 8, i => ((i + 0.5) * scale) - 0.5, EightLobes),
            ResamplingFilter.Area => Window(
                source,
                target,
                scale,
                scale / 2,
                (j, center) => Math.Max(0, Math.Min(j + 1, center + (scale / 2)) - Math.Max(j, center - (scale / 2)))
            ),
            ResamplingFilter.Antialias => Widening(source, target, scale, 1, x => Math.Max(0, 1 - Math.Abs(x))),
            ResamplingFilter.AntialiasBox => Widening(source, target, scale, 0.5, x => x is > -0.5 and <= 0.5 ? 1 : 0),
            ResamplingFilter.AntialiasHamming => Widening(source, target, scale, 1, Hamming),
            ResamplingFilter.AntialiasBicubic => Widening(source, target, scale, 2, x => CubicKernel(Math.Abs(x), PillowCubicA)),
            ResamplingFilter.AntialiasLanczos => Widening(source, target, scale, 3, x => LanczosKernel(x, 3)),
            _ => throw new ArgumentOutOfRangeException(nameof(filter), filter, "This filter is not known."),
        };
    }

    // OpenCV's INTER_AREA where something grows (resize.cpp, "area_mode"): a target pixel is plain as long as it lies within one source
    // pixel, and mixed where it reaches into the next.
    private static ResamplingTaps GrownArea(int source, int target)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(target);
        var (scale, inverse) = ((double)source / target, (double)target / source);
        return Interpolate(source, target, 2, Position, f => [1 - f, f]);

        double Position(int i)
        {
            var floor = Math.Floor(i * scale);
            var share = (float)(i + 1 - ((floor + 1) * inverse));
            return floor + (share <= 0 ? 0 : share - MathF.Floor(share));
        }
    }

    internal static ResamplingTaps AlignCorners(int source, int target)
    {
        var scale = target > 1 ? (double)(source - 1) / (target - 1) : 0;
        return Interpolate(source, target, 2, i => i * scale, f => [1 - f, f]);
    }

    private static ResamplingTaps Nearest(int source, int target, Func<int, double> position)
    {
        var taps = new ResamplingTaps(target, 1);
        for (var i = 0; i < target; i++) (taps.Index[i], taps.Weight[i]) = (Math.Min((int)position(i), source - 1), 1);
        return taps;
    }

    // Pillow adds the scale up; where a position is a whole number, the rounding of the sum decides.
    private static ResamplingTaps Stepped(int source, int target, double scale)
    {
        var at = (scale / 2) - scale;
        return Nearest(source, target, _ => at += scale);
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

    // "weigh" gives the weight of source pixel j for a target pixel whose center lies at the given source position.
    private static ResamplingTaps Window(int source, int target, double scale, double radius, Func<int, double, double> weigh)
    {
        var taps = new ResamplingTaps(target, (int)Math.Ceiling(2 * radius) + 2);
        var weights = new double[taps.Taps];
        for (var i = 0; i < target; i++)
        {
            var center = (i + 0.5) * scale;
            var first = Math.Max(0, (int)Math.Floor(center - radius));
            for (var k = 0; k < taps.Taps; k++) weights[k] = first + k < source ? weigh(first + k, center) : 0;
            var total = weights.Sum();
            for (var k = 0; k < taps.Taps; k++)
            {
                taps.Index[(i * taps.Taps) + k] = Math.Min(first + k, source - 1);
                taps.Weight[(i * taps.Taps) + k] = (float)(weights[k] / total);
            }
        }

        return taps;
    }

    // Pillow's filters (src/libImaging/Resample.c): a kernel over the target's center, stretched when shrinking.
    private static ResamplingTaps Widening(int source, int target, double scale, double support, Func<double, double> kernel)
    {
        var stretch = Math.Max(1, scale);
        return Window(source, target, scale, support * stretch, (j, center) => kernel((j + 0.5 - center) / stretch));
    }

    private static double[] Cubic(double f) =>
        [CubicKernel(f + 1, CubicA), CubicKernel(f, CubicA), CubicKernel(1 - f, CubicA), CubicKernel(2 - f, CubicA)];

    // OpenCV's Lanczos4: eight taps, made to sum to 1.
    private static double[] EightLobes(double f)
    {
        var weights = new double[8];
        for (var k = 0; k < 8; k++) weights[k] = LanczosKernel(f + 3 - k, 4);
        var sum = weights.Sum();
        return Array.ConvertAll(weights, w => w / sum);
    }

    private static double CubicKernel(double x, double a) => x switch
    {
        < 1 => ((((a + 2) * x) - (a + 3)) * x * x) + 1,
        < 2 => ((((x - 5) * x) + 8) * x * a) - (4 * a),
        _ => 0,
    };

    private static double LanczosKernel(double x, int lobes) => Math.Abs(x) < lobes ? Sinc(x) * Sinc(x / lobes) : 0;

    private static double Hamming(double x) => Math.Abs(x) < 1 ? Sinc(x) * (0.54 + (0.46 * Math.Cos(Math.PI * x))) : 0;

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);
}
