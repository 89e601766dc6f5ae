using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Mini.Art;

namespace FreeMask.Training.Mini.Scenes;

/// <summary>Paints placed sprites onto a canvas and keeps the exact label maps: a pixel belongs to an object that covers more than half of
/// it.</summary>
internal sealed class SpritePainter(Canvas canvas, ColorVariety colors)
{
    private static readonly float[] SubPixels = [0.25f, 0.75f];
    private static readonly HashSet<int> Artefacts = [2, 4, 5, 6, 7, 9, 11, 14, 18];

    internal Canvas Canvas { get; } = canvas;

    internal LabelMap Classes { get; } = new(canvas.Side, canvas.Side);

    internal LabelMap Instances { get; } = new(canvas.Side, canvas.Side);

    /// <summary>Draws how an object looks. There is no shadow in the sky.</summary>
    internal SpriteLook Draw(Placement placement, SceneKind kind, CounterRandom random) =>
        new(
            kind == SceneKind.Sky ? null : 0.2f + (random.NextSingle() * 0.2f),
            colors.Draw(random, Artefacts.Contains(placement.Sprite.ClassId))
        );

    internal void Paint(Placement placement, byte instance, SpriteLook look)
    {
        if (look.Shadow is { } strength) CastShadow(placement, strength);
        var level = 0;
        var scale = placement.Scale;
        for (; level + 1 < placement.Sprite.Levels.Count && scale < 0.5; level++) scale *= 2;
        var source = placement.Sprite.Levels[level];
        var (sin, cos) = Math.SinCos(placement.Angle);
        Span<float> rgba = stackalloc float[4];
        var reachX = (int)((placement.Width * 0.55) + (placement.Height * 0.08)) + 2;
        var reachY = (int)((placement.Height * 0.55) + (placement.Width * 0.08)) + 2;
        for (var y = Math.Max(0, (int)placement.CenterY - reachY); y < Math.Min(Canvas.Side, (int)placement.CenterY + reachY + 1); y++)
        {
            for (var x = Math.Max(0, (int)placement.CenterX - reachX); x < Math.Min(Canvas.Side, (int)placement.CenterX + reachX + 1); x++)
            {
                rgba.Clear();
                foreach (var subY in SubPixels)
                {
                    foreach (var subX in SubPixels)
                    {
                        double dx = (x + subX - placement.CenterX) / scale, dy = (y + subY - placement.CenterY) / scale;
                        Accumulate(source, (float)((cos * dx) + (sin * dy)), (float)((cos * dy) - (sin * dx)), rgba);
                    }
                }

                Blend(x, y, rgba, look.Color, placement.Sprite.ClassId, instance);
            }
        }
    }

    private void Blend(int x, int y, Span<float> rgba, HueShift color, int classId, byte instance)
    {
        var alpha = rgba[3] / 4;
        if (alpha <= 0.004f) return;
        var tone = color.Apply(new RgbColor(rgba[0] / 4, rgba[1] / 4, rgba[2] / 4), alpha);
        var below = Canvas[x, y] * (1 - alpha);
        Canvas[x, y] = new RgbColor(below.R + tone.R, below.G + tone.G, below.B + tone.B);
        if (alpha <= 0.5f) return;
        Classes[x, y] = (byte)classId;
        Instances[x, y] = instance;
    }

    private static void Accumulate(SpriteLevel level, float fromCenterX, float fromCenterY, Span<float> rgba)
    {
        float u = fromCenterX + (level.Width / 2f) - 0.5f, v = fromCenterY + (level.Height / 2f) - 0.5f;
        int left = (int)MathF.Floor(u), top = (int)MathF.Floor(v);
        if (left < 0 || top < 0 || left >= level.Width - 1 || top >= level.Height - 1) return;
        float fx = u - left, fy = v - top;
        var upper = ((top * level.Width) + left) * 4;
        var lower = upper + (4 * level.Width);
        for (var k = 0; k < 4; k++)
        {
            var above = level.Rgba[upper + k] + ((level.Rgba[upper + 4 + k] - level.Rgba[upper + k]) * fx);
            var below = level.Rgba[lower + k] + ((level.Rgba[lower + 4 + k] - level.Rgba[lower + k]) * fx);
            rgba[k] += above + ((below - above) * fy);
        }
    }

    private void CastShadow(Placement placement, float strength)
    {
        var footY = placement.CenterY + (placement.Height * 0.46);
        double radiusX = placement.Width * 0.5, radiusY = Math.Max(3, placement.Height * 0.07);
        for (var y = Math.Max(0, (int)(footY - (2 * radiusY))); y < Math.Min(Canvas.Side, (int)(footY + (2 * radiusY)) + 1); y++)
        {
            for (var x = 0; x < Canvas.Side; x++)
            {
                double dx = (x - placement.CenterX) / radiusX, dy = (y - footY) / radiusY;
                Canvas[x, y] *= 1 - (strength * (float)Math.Exp(-1.5 * ((dx * dx) + (dy * dy))));
            }
        }
    }
}

/// <summary>How an object looks in a scene.</summary>
/// <param name="Shadow">How much its shadow darkens; null for none.</param>
/// <param name="Color">The change of its colors.</param>
internal sealed record SpriteLook(float? Shadow, HueShift Color);

/// <summary>How much the colors of an object may differ from its image's.</summary>
/// <param name="LivingHue">Largest rotation of the hue of animals, persons and plants, in radians.</param>
/// <param name="ArtefactHue">The same for things that are made in any color.</param>
/// <param name="Saturation">Smallest factor of the saturation, and how much larger the largest is.</param>
/// <param name="Brightness">The same of the brightness.</param>
internal sealed record ColorVariety(
    double LivingHue, double ArtefactHue, (float Least, float Range) Saturation, (float Least, float Range) Brightness)
{
    /// <summary>Close to the images: the held-out set.</summary>
    internal static ColorVariety Original { get; } = new(0.06, 0.35, (0.9f, 0.2f), (0.88f, 0.2f));

    /// <summary>Any color for artefacts: the training scenes.</summary>
    internal static ColorVariety Wide { get; } = new(0.2, Math.PI, (0.6f, 0.65f), (0.75f, 0.4f));

    internal HueShift Draw(CounterRandom random, bool artefact) => HueShift.Draw(random, artefact ? ArtefactHue : LivingHue, this);
}

/// <summary>A rotation of the hue (about the grey axis) with a change of saturation and brightness.</summary>
internal readonly struct HueShift
{
    private readonly float _same, _next, _last, _saturation, _brightness;

    private HueShift(double angle, float saturation, float brightness)
    {
        var (sin, cos) = Math.SinCos(angle);
        var third = (1 - cos) / 3;
        var side = sin / Math.Sqrt(3);
        (_same, _next, _last) = ((float)(cos + third), (float)(third - side), (float)(third + side));
        (_saturation, _brightness) = (saturation, brightness);
    }

    internal static HueShift Draw(CounterRandom random, double largestAngle, ColorVariety variety) =>
        new(
            random.NextDouble(-largestAngle, largestAngle),
            variety.Saturation.Least + (random.NextSingle() * variety.Saturation.Range),
            variety.Brightness.Least + (random.NextSingle() * variety.Brightness.Range)
        );

    /// <summary>Shifts a premultiplied color; the result stays within [0, <paramref name="alpha"/>].</summary>
    internal RgbColor Apply(RgbColor tone, float alpha)
    {
        var red = (_same * tone.R) + (_next * tone.G) + (_last * tone.B);
        var green = (_last * tone.R) + (_same * tone.G) + (_next * tone.B);
        var blue = (_next * tone.R) + (_last * tone.G) + (_same * tone.B);
        var grey = (0.3f * red) + (0.59f * green) + (0.11f * blue);
        return new RgbColor(Shift(red, grey, alpha), Shift(green, grey, alpha), Shift(blue, grey, alpha));
    }

    private float Shift(float value, float grey, float alpha) =>
        Math.Clamp((grey + ((value - grey) * _saturation)) * _brightness, 0, alpha);
}
