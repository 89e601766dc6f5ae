using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Vision.Harmonization;

/// <summary>How the colors of an object are disturbed to make a composite whose truth is known.</summary>
internal enum DisturbanceKind
{
    /// <summary>The means of L, a, b move by normal numbers of deviation 12, 7, 9; the deviations by a factor exp(0.2 n).</summary>
    Shift,

    /// <summary>The object gets the statistics of L, a, b of an object of another image, as iHarmony4's composites do.</summary>
    Reference,

    /// <summary>Another exposure (half a stop), white balance, gamma and saturation, as of another camera.</summary>
    Exposure,
}

/// <summary>A known change of an object's colors (the recipe of iHarmony4, Cong et al., CVPR 2020: composites are real images with one
/// object recolored). Made by <see cref="Draw"/> from a random stream alone.</summary>
internal sealed class ColorDisturbance
{
    private readonly LabTransfer? _transfer;
    private readonly double[] _gains = [1, 1, 1];
    private readonly double _gamma = 1, _saturation = 1;

    private ColorDisturbance(LabTransfer transfer) => _transfer = transfer;

    private ColorDisturbance(double[] gains, double gamma, double saturation) =>
        (_gains, _gamma, _saturation) = (gains, gamma, saturation);

    /// <summary>Every kind.</summary>
    internal static IReadOnlyList<DisturbanceKind> Kinds { get; } = Enum.GetValues<DisturbanceKind>();

    /// <summary>Draws a change.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="inside">Statistics of the object.</param>
    /// <param name="reference">Statistics of an object of another image.</param>
    /// <param name="random">The stream.</param>
    /// <param name="amount">Multiplies what is drawn; 1 is the stated distribution. A reference is followed for at most all of the
    /// way.</param>
    internal static ColorDisturbance Draw(
        DisturbanceKind kind,
        LabStatistics inside,
        LabStatistics reference,
        CounterRandom random,
        double amount = 1
    )
    {
        double Normal(double deviation) => amount * deviation * random.NextGaussian();
        switch (kind)
        {
            case DisturbanceKind.Shift:
                var (mean, contrast) = (new[] { 12.0, 7, 9 }, new double[3]);
                for (var c = 0; c < 3; c++) mean[c] = Normal(mean[c]);
                for (var c = 0; c < 3; c++) contrast[c] = Math.Exp(Normal(0.2));
                return new(
                    new LabTransfer(
                        inside,
                        (inside.Mean.L + mean[0], inside.Mean.A + mean[1], inside.Mean.B + mean[2]),
                        (contrast[0], contrast[1], contrast[2])
                    )
                );
            case DisturbanceKind.Reference:
                // Not all of the way: the whole statistics of a night scene on an object in the sun leave nothing of it.
                var share = Math.Min(1, amount * random.NextDouble(0.4, 1));
                var full = LabTransfer.Full(inside, reference);
                double Part(double factor) => Math.Exp(share * Math.Log(Math.Clamp(factor, 0.4, 2.5)));
                return new(
                    LabTransfer.Shift(inside, reference, share) with
                    {
                        Contrast = (Part(full.Contrast.L), Part(full.Contrast.A), Part(full.Contrast.B)),
                    }
                );
            default:
                var exposure = Math.Pow(2, Normal(0.5));
                double[] gains = [exposure * Math.Exp(Normal(0.12)), exposure, exposure * Math.Exp(Normal(0.12))];
                return new(gains, Math.Exp(Normal(0.15)), Math.Exp(Normal(0.25)));
        }
    }

    /// <summary>The changed color as sRGB in 0..1, clipped to the gamut.</summary>
    /// <param name="pixel">R, G, B.</param>
    internal (double R, double G, double B) Apply(ReadOnlySpan<byte> pixel)
    {
        if (_transfer is { } transfer)
        {
            var (l, a, b) = LabColor.FromRgb(pixel[0], pixel[1], pixel[2]);
            return transfer.Apply(l, a, b);
        }

        Span<double> color = stackalloc double[3];
        for (var c = 0; c < 3; c++)
        {
            // Gains act on light, which the levels hold under a power of about 2.2.
            var light = Math.Min(1, _gains[c] * Math.Pow(pixel[c] / 255.0, 2.2));
            color[c] = Math.Pow(light, _gamma / 2.2);
        }

        var grey = (0.299 * color[0]) + (0.587 * color[1]) + (0.114 * color[2]);
        for (var c = 0; c < 3; c++) color[c] = Math.Clamp(grey + (_saturation * (color[c] - grey)), 0, 1);
        return (color[0], color[1], color[2]);
    }

    /// <summary>Disturbs an object of an image.</summary>
    /// <param name="truth">The image as it is.</param>
    /// <param name="mask">Above 127 where the object is.</param>
    internal RgbImage Composite(RgbImage truth, LabelMap mask)
    {
        var composite = truth.Clone();
        for (var i = 0; i < mask.Labels.Length; i++)
        {
            if (mask.Labels[i] <= 127) continue;
            var (red, green, blue) = Apply(truth.Pixels.AsSpan(3 * i, 3));
            LabTransfer.Blend(composite.Pixels, 3 * i, red, 1);
            LabTransfer.Blend(composite.Pixels, (3 * i) + 1, green, 1);
            LabTransfer.Blend(composite.Pixels, (3 * i) + 2, blue, 1);
        }

        return composite;
    }
}
