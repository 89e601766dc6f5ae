using FreeMask.Randomness;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// The color distortion of SSD (detectron2, PointRend's <c>ColorAugSSDTransform</c>): brightness first, then contrast before or after
/// saturation and hue; each happens to every second image.
/// </summary>
/// <param name="Brightness">Added to every channel.</param>
/// <param name="Contrast">Multiplies every channel.</param>
/// <param name="Saturation">Multiplies the saturation.</param>
/// <param name="Hue">Degrees by which hues turn.</param>
/// <param name="ContrastFirst">Whether contrast comes before saturation and hue.</param>
internal sealed record ColorJitter(float Brightness, float Contrast, float Saturation, float Hue, bool ContrastFirst)
{
    private const double LargestBrightness = 32, LowestFactor = 0.5, HighestFactor = 1.5;

    // In steps of two degrees, from -36 to 34.
    private const int HueSteps = 36, DegreesAStep = 2;

    /// <summary>Draws one.</summary>
    internal static ColorJitter Draw(CounterRandom random)
    {
        bool Happens() => random.NextInt(2) == 1;
        return new(
            Happens() ? (float)random.NextDouble(-LargestBrightness, LargestBrightness) : 0,
            Happens() ? (float)random.NextDouble(LowestFactor, HighestFactor) : 1,
            Happens() ? (float)random.NextDouble(LowestFactor, HighestFactor) : 1,
            Happens() ? (random.NextInt(HueSteps) - (HueSteps / 2)) * DegreesAStep : 0,
            Happens());
    }

    /// <summary>Recolors a pixel (R, G, B).</summary>
    internal void Apply(ReadOnlySpan<byte> source, Span<byte> target)
    {
        Span<float> rgb = stackalloc float[3];
        for (var c = 0; c < 3; c++) rgb[c] = Clip(source[c] + Brightness);
        if (ContrastFirst) Multiply(rgb);
        if (Saturation != 1 || Hue != 0) Turn(rgb);
        if (!ContrastFirst) Multiply(rgb);
        for (var c = 0; c < 3; c++) target[c] = (byte)(rgb[c] + 0.5f);
    }

    private void Multiply(Span<float> rgb)
    {
        for (var c = 0; c < 3; c++) rgb[c] = Clip(rgb[c] * Contrast);
    }

    /// <summary>Scales the saturation and turns the hue, in the cone of hue, saturation and value.</summary>
    private void Turn(Span<float> rgb)
    {
        var (value, least) = (Math.Max(rgb[0], Math.Max(rgb[1], rgb[2])), Math.Min(rgb[0], Math.Min(rgb[1], rgb[2])));
        var chroma = value - least;
        if (chroma == 0) return;
        var sector =
            value == rgb[0] ? (rgb[1] - rgb[2]) / chroma
            : value == rgb[1] ? 2 + ((rgb[2] - rgb[0]) / chroma)
            : 4 + ((rgb[0] - rgb[1]) / chroma);
        sector = ((sector + (Hue / 60) + 6) % 6 + 6) % 6;
        chroma = value * Math.Min(1, chroma / value * Saturation);

        // Each channel falls from the value by the chroma times how far its own hue is away (the usual closed form of HSV).
        ReadOnlySpan<float> offsets = [5, 3, 1];
        for (var c = 0; c < 3; c++)
        {
            var k = (offsets[c] + sector) % 6;
            rgb[c] = value - (chroma * Math.Clamp(Math.Min(k, 4 - k), 0, 1));
        }
    }

    private static float Clip(float value) => Math.Clamp(value, 0, 255);
}
