namespace FreeMask.Vision.Placement;

/// <summary>
/// How tall objects look beside each other. Real heights are compressed, because photographers stand nearer to small things; objects
/// further down the image are nearer and larger:
/// h ~ (height / 1.7 m)^0.405 exp(2.11 bottom), with bottom in image heights.
/// </summary>
/// <remarks>
/// Both exponents are a least-squares fit over the 1,221 pairs of whole objects in 123 COCO images that show several (log of the ratio of
/// the heights in pixels; rms 0.75 before, 0.53 after; aeroplanes and birds, which need not stand on the ground, left out).
/// A person whose feet are at 69 % of the image's height is 27 % of it tall (same images).
/// </remarks>
internal static class ObjectSizes
{
    private const double HeightExponent = 0.405, DepthRate = 2.11, UnitHeight = 0.266, UnitBottom = 0.693;

    private const double Person = 1.7;

    /// <summary>How tall something of a height in metres looks beside a person at the same distance.</summary>
    public static double Relative(double metres) => Math.Pow(metres / Person, HeightExponent);

    /// <summary>How much larger an object looks whose bottom is at <paramref name="bottom"/> than one at <paramref name="other"/> (image
    /// heights).</summary>
    public static double Depth(double bottom, double other) => Math.Exp(DepthRate * (bottom - other));

    /// <summary>The height, in image heights, that fits something of a height in metres whose bottom is at <paramref name="bottom"/>, in an
    /// image without other objects.</summary>
    public static double Expected(double metres, double bottom) => UnitHeight * Relative(metres) * Depth(bottom, UnitBottom);

    /// <summary>The height that fits beside an object of another height in metres, height in the image, and bottom.</summary>
    public static double Expected(double metres, double bottom, double otherMetres, double otherHeight, double otherBottom) =>
        otherHeight * Relative(metres) / Relative(otherMetres) * Depth(bottom, otherBottom);
}
