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

    // Metres, by VOC index: a common upright specimen; 1 m for background, which is never asked for.
    private static readonly double[] Metres =
        [1, 4, 1, 0.25, 2.5, 0.3, 3, 1.5, 0.3, 0.9, 1.5, 0.75, 0.6, 1.6, 1.1, 1.7, 0.5, 0.9, 0.85, 3.8, 0.6];

    /// <summary>The height of a common specimen in metres.</summary>
    public static double MetresOf(int classId) => Metres[classId];

    /// <summary>How tall a class looks beside a person at the same distance.</summary>
    public static double Relative(int classId) => Math.Pow(Metres[classId] / Metres[15], HeightExponent);

    /// <summary>How much larger an object looks whose bottom is at <paramref name="bottom"/> than one at <paramref name="other"/> (image
    /// heights).</summary>
    public static double Depth(double bottom, double other) => Math.Exp(DepthRate * (bottom - other));

    /// <summary>The height, in image heights, that fits a class whose bottom is at <paramref name="bottom"/>, in an image without other
    /// objects.</summary>
    public static double Expected(int classId, double bottom) => UnitHeight * Relative(classId) * Depth(bottom, UnitBottom);

    /// <summary>The height that fits beside an object of another class, height and bottom.</summary>
    public static double Expected(int classId, double bottom, int otherClass, double otherHeight, double otherBottom) =>
        otherHeight * Relative(classId) / Relative(otherClass) * Depth(bottom, otherBottom);
}
