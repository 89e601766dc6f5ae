using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>A cutout at its final size: opacity in 0..1 and colors times opacity (0..255), so that resizing cannot bleed what lies
/// outside.</summary>
internal sealed class Sprite
{
    private Sprite(int width, int height, float[] alpha, float[]? colors)
    {
        Width = width;
        Height = height;
        Alpha = alpha;
        Colors = colors ?? [];
    }

    internal int Width { get; }

    internal int Height { get; }

    /// <summary>Row-major opacity.</summary>
    internal float[] Alpha { get; }

    /// <summary>Three planes, red, green, blue; empty in an outline.</summary>
    internal float[] Colors { get; }

    /// <summary>The outline alone, for trying places.</summary>
    internal static Sprite Outline(Cutout cutout, int width, int height) => new(width, height, ResizedAlpha(cutout, width, height), null);

    /// <summary>Outline and colors. Shrinks by area, enlarges by bicubic interpolation.</summary>
    internal static Sprite Render(Cutout cutout, int width, int height)
    {
        var alpha = ResizedAlpha(cutout, width, height);
        var colors = new float[3 * alpha.Length];
        for (var channel = 0; channel < 3; channel++)
        {
            var plane = new FloatMap(cutout.Width, cutout.Height);
            for (var i = 0; i < plane.Values.Length; i++) plane.Values[i] = cutout.Image.Pixels[(3 * i) + channel] * cutout.Alpha.Values[i];
            var resized = Resampling.Resize(plane, width, height, Filter(cutout, width, height)).Values;
            for (var i = 0; i < resized.Length; i++) colors[(channel * alpha.Length) + i] = Math.Clamp(resized[i], 0, 255 * alpha[i]);
        }

        return new Sprite(width, height, alpha, colors);
    }

    private static float[] ResizedAlpha(Cutout cutout, int width, int height)
    {
        var alpha = Resampling.Resize(cutout.Alpha, width, height, Filter(cutout, width, height)).Values;
        for (var i = 0; i < alpha.Length; i++) alpha[i] = Math.Clamp(alpha[i], 0, 1);
        return alpha;
    }

    private static ResamplingFilter Filter(Cutout cutout, int width, int height) =>
        width <= cutout.Width && height <= cutout.Height ? ResamplingFilter.Area : ResamplingFilter.Bicubic;
}
