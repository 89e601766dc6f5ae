using FreeMask.Imaging;

namespace FreeMask.Training.Mini.Scenes;

/// <summary>A color in [0, 1].</summary>
internal readonly record struct RgbColor(float R, float G, float B)
{
    internal static RgbColor Mix(RgbColor a, RgbColor b, float share) =>
        new(a.R + ((b.R - a.R) * share), a.G + ((b.G - a.G) * share), a.B + ((b.B - a.B) * share));

    public static RgbColor operator *(RgbColor tone, float factor) => new(tone.R * factor, tone.G * factor, tone.B * factor);
}

/// <summary>A square float RGB canvas that scenes are painted on.</summary>
internal sealed class Canvas
{
    private readonly RgbColor[] _pixels;

    internal Canvas(int side) : this(side, new RgbColor[side * side]) { }

    private Canvas(int side, RgbColor[] pixels) => (Side, _pixels) = (side, pixels);

    internal int Side { get; }

    internal ref RgbColor this[int x, int y] => ref _pixels[(y * Side) + x];

    /// <summary>Another canvas with the same pixels.</summary>
    internal Canvas Copy() => new(Side, [.. _pixels]);

    /// <summary>Fills the pixels of a rectangle that lie on the canvas.</summary>
    internal void Fill(int left, int top, int right, int bottom, Func<int, int, RgbColor> tone)
    {
        for (var y = Math.Max(0, top); y < Math.Min(Side, bottom); y++)
        {
            for (var x = Math.Max(0, left); x < Math.Min(Side, right); x++) this[x, y] = tone(x, y);
        }
    }

    /// <summary>Rounds to 8 bits after a light blur (weight of the four neighbors) and a brightness factor.</summary>
    internal RgbImage Develop(float blur, float brightness)
    {
        var image = new RgbImage(Side, Side);
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
            {
                var (left, right) = (this[Math.Max(0, x - 1), y], this[Math.Min(Side - 1, x + 1), y]);
                var (up, down) = (this[x, Math.Max(0, y - 1)], this[x, Math.Min(Side - 1, y + 1)]);
                var center = this[x, y];
                var pixel = image[x, y];
                pixel[0] = Quantize(center.R, left.R + right.R + up.R + down.R);
                pixel[1] = Quantize(center.G, left.G + right.G + up.G + down.G);
                pixel[2] = Quantize(center.B, left.B + right.B + up.B + down.B);
            }
        }

        return image;

        byte Quantize(float center, float neighbors)
        {
            var value = ((center * (1 - (4 * blur))) + (neighbors * blur)) * brightness;
            return (byte)Math.Clamp((value * 255) + 0.5f, 0, 255);
        }
    }
}
