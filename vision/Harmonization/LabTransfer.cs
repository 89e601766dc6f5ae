using FreeMask.Imaging;

namespace FreeMask.Vision.Harmonization;

/// <summary>Gives an object other statistics: c' = target mean + (c - mean) target deviation / deviation in each channel of
/// CIELAB.</summary>
/// <param name="From">The object's own statistics.</param>
/// <param name="Mean">The mean it gets.</param>
/// <param name="Contrast">What differences from its mean are multiplied by.</param>
internal readonly record struct LabTransfer(
    LabStatistics From,
    (double L, double A, double B) Mean,
    (double L, double A, double B) Contrast
)
{
    // Below this deviation a region is flat, and a ratio of deviations says nothing.
    private const double LeastDeviation = 0.5;

    /// <summary>To the mean and the deviation of another region (Reinhard et al., "Color transfer between images", 2001).</summary>
    internal static LabTransfer Full(LabStatistics from, LabStatistics to) =>
        new(
            from,
            to.Mean,
            (
                Ratio(from.Deviation.L, to.Deviation.L),
                Ratio(from.Deviation.A, to.Deviation.A),
                Ratio(from.Deviation.B, to.Deviation.B)
            )
        );

    /// <summary>A share of the way to another region's mean; contrast stays.</summary>
    internal static LabTransfer Shift(LabStatistics from, LabStatistics to, double share) =>
        new(
            from,
            (
                from.Mean.L + (share * (to.Mean.L - from.Mean.L)),
                from.Mean.A + (share * (to.Mean.A - from.Mean.A)),
                from.Mean.B + (share * (to.Mean.B - from.Mean.B))
            ),
            (1, 1, 1)
        );

    /// <summary>The changed color as sRGB in 0..1, clipped to the gamut.</summary>
    internal (double R, double G, double B) Apply(double l, double a, double b) =>
        LabColor.ToRgb(
            Math.Clamp(Mean.L + (Contrast.L * (l - From.Mean.L)), 0, 100),
            Mean.A + (Contrast.A * (a - From.Mean.A)),
            Mean.B + (Contrast.B * (b - From.Mean.B))
        );

    /// <summary>Changes an object of an image: out = image + opacity (changed - image).</summary>
    /// <param name="image">Changed in place.</param>
    /// <param name="lab">The image before as interleaved L, a, b.</param>
    /// <param name="opacity">How much of a pixel is the object's, 0..1.</param>
    internal void Paint(RgbImage image, float[] lab, Func<int, double> opacity)
    {
        for (var i = 0; i < lab.Length / 3; i++)
        {
            var share = opacity(i);
            if (share <= 0) continue;
            var (red, green, blue) = Apply(lab[3 * i], lab[(3 * i) + 1], lab[(3 * i) + 2]);
            Blend(image.Pixels, 3 * i, red, share);
            Blend(image.Pixels, (3 * i) + 1, green, share);
            Blend(image.Pixels, (3 * i) + 2, blue, share);
        }
    }

    /// <summary>Moves a level towards another one.</summary>
    /// <param name="pixels">Levels of 0..255.</param>
    /// <param name="at">Which one.</param>
    /// <param name="target">In 0..1.</param>
    /// <param name="opacity">How far, 0..1.</param>
    internal static void Blend(byte[] pixels, int at, double target, double opacity) =>
        pixels[at] = (byte)(pixels[at] + (opacity * ((255 * target) - pixels[at])) + 0.5);

    private static double Ratio(double from, double to) => from < LeastDeviation ? 1 : to / from;
}
