using FreeMask.Randomness;

namespace FreeMask.Training.Mask2Former;

/// <summary>A change of colors, in grey and two axes of chroma (NTSC's Y, I, Q).</summary>
/// <param name="Turn">Radians by which hues turn.</param>
/// <param name="Saturation">Multiplies the chroma.</param>
/// <param name="Gamma">The exponent of the grey, which is from 0 to 1.</param>
/// <param name="Contrast">Multiplies the grey's distance from the middle.</param>
/// <param name="Brightness">Added to the grey, of 255.</param>
internal sealed record StyleColors(double Turn, double Saturation, double Gamma, double Contrast, double Brightness)
{
    private const double FreeHueShare = 0.5, SmallTurn = 0.3;
    private const double GreyShare = 0.15, SaturationRange = 0.5;
    private const double GammaOctaves = 0.7, ContrastRange = 0.4, BrightnessRange = 40;
    private const double Middle = 128, White = byte.MaxValue;

    /// <summary>Draws one.</summary>
    /// <param name="random">The source of randomness.</param>
    /// <param name="strength">From 0, nothing changes, to 1.</param>
    internal static StyleColors Draw(CounterRandom random, double strength) =>
        new(
            random.NextDouble() < FreeHueShare * strength
                ? random.NextDouble(-Math.PI, Math.PI)
                : strength * random.NextDouble(-SmallTurn, SmallTurn),
            random.NextDouble() < GreyShare * strength ? 0 : 1 + (strength * random.NextDouble(-SaturationRange, SaturationRange)),
            Math.Pow(2, strength * random.NextDouble(-GammaOctaves, GammaOctaves)),
            1 + (strength * random.NextDouble(-ContrastRange, ContrastRange)),
            strength * random.NextDouble(-BrightnessRange, BrightnessRange)
        );

    /// <summary>Recolors a pixel (R, G, B).</summary>
    internal void Apply(ReadOnlySpan<byte> source, Span<byte> target)
    {
        double red = source[0], green = source[1], blue = source[2];
        var grey = (0.299 * red) + (0.587 * green) + (0.114 * blue);
        var orange = (0.596 * red) - (0.274 * green) - (0.322 * blue);
        var violet = (0.211 * red) - (0.523 * green) + (0.312 * blue);
        var (sin, cos) = Math.SinCos(Turn);
        (orange, violet) = (Saturation * ((cos * orange) - (sin * violet)), Saturation * ((sin * orange) + (cos * violet)));
        grey = (((White * Math.Pow(grey / White, Gamma)) - Middle) * Contrast) + Middle + Brightness;
        target[0] = Byte(grey + (0.956 * orange) + (0.621 * violet));
        target[1] = Byte(grey - (0.272 * orange) - (0.647 * violet));
        target[2] = Byte(grey - (1.106 * orange) + (1.703 * violet));
    }

    private static byte Byte(double value) => (byte)(Math.Clamp(value, 0, White) + 0.5);
}
