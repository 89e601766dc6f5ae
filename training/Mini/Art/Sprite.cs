using NetVips;

namespace FreeMask.Training.Mini.Art;

/// <summary>
/// One image of one object with transparency: premultiplied RGBA floats in [0, 1], cropped to the object plus a transparent
/// border, with a pyramid of half sizes for filtered minification.
/// </summary>
internal sealed class Sprite
{
    private const int Border = 4, SmallestSide = 24;
    private const byte VisibleAlpha = 40;

    private Sprite(string name, int classId, bool heldOut, double coverage, IReadOnlyList<SpriteLevel> levels)
    {
        Name = name;
        ClassId = classId;
        HeldOut = heldOut;
        Coverage = coverage;
        Levels = levels;
    }

    /// <summary>Where the image comes from and what it is called there, such as <c>noto:bicycle</c>.</summary>
    public string Name { get; }

    /// <summary>The VOC class, 1 to 20.</summary>
    public int ClassId { get; }

    /// <summary>Whether the image is kept out of every training and used for evaluation only.</summary>
    public bool HeldOut { get; }

    /// <summary>Mean alpha over the largest level: which share of its box the object fills.</summary>
    public double Coverage { get; }

    /// <summary>The pyramid, largest first.</summary>
    internal IReadOnlyList<SpriteLevel> Levels { get; }

    /// <summary>Crops and filters a decoded image; null when nothing in it is visible.</summary>
    internal static Sprite? From(Image picture, string name, int classId, bool heldOut)
    {
        using var srgb = picture.Colourspace(Enums.Interpretation.Srgb);
        using var withAlpha = srgb.Bands == 4 ? srgb.Copy() : srgb.Bandjoin(255);
        using var bytes = withAlpha.Cast(Enums.BandFormat.Uchar);
        var rgba = bytes.WriteToMemory<byte>();
        if (Crop(rgba, bytes.Width, bytes.Height) is not { } level) return null;
        var coverage = 0.0;
        for (var i = 3; i < level.Rgba.Length; i += 4) coverage += level.Rgba[i];
        var levels = new List<SpriteLevel> { level };
        while (levels[^1].Width > SmallestSide && levels[^1].Height > SmallestSide) levels.Add(levels[^1].Half());
        return new Sprite(name, classId, heldOut, coverage / (level.Width * level.Height), levels);
    }

    private static SpriteLevel? Crop(byte[] rgba, int width, int height)
    {
        int left = width, right = -1, top = height, bottom = -1;
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                if (rgba[(((y * width) + x) * 4) + 3] <= VisibleAlpha) continue;
                (left, right) = (Math.Min(left, x), Math.Max(right, x));
                (top, bottom) = (Math.Min(top, y), Math.Max(bottom, y));
            }
        }

        if (right < 0) return null;
        var level = new SpriteLevel(right - left + 1 + (2 * Border), bottom - top + 1 + (2 * Border));
        for (var y = top; y <= bottom; y++)
        {
            for (var x = left; x <= right; x++)
            {
                var source = ((y * width) + x) * 4;
                var target = (((y - top + Border) * level.Width) + x - left + Border) * 4;
                var alpha = rgba[source + 3] / 255f;
                for (var k = 0; k < 3; k++) level.Rgba[target + k] = rgba[source + k] / 255f * alpha;
                level.Rgba[target + 3] = alpha;
            }
        }

        return level;
    }
}

/// <summary>One size of a sprite: row-major premultiplied RGBA.</summary>
internal sealed class SpriteLevel(int width, int height)
{
    internal int Width { get; } = width;

    internal int Height { get; } = height;

    internal float[] Rgba { get; } = new float[4 * width * height];

    /// <summary>The mean of every 2x2 block.</summary>
    internal SpriteLevel Half()
    {
        var half = new SpriteLevel(Width / 2, Height / 2);
        for (var y = 0; y < half.Height; y++)
        {
            for (var x = 0; x < half.Width; x++)
            {
                var source = ((2 * y * Width) + (2 * x)) * 4;
                var below = source + (4 * Width);
                var target = ((y * half.Width) + x) * 4;
                for (var k = 0; k < 4; k++)
                    half.Rgba[target + k] = 0.25f * (Rgba[source + k] + Rgba[source + 4 + k] + Rgba[below + k] + Rgba[below + 4 + k]);
            }
        }

        return half;
    }
}
