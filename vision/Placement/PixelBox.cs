using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>A rectangle of whole pixels: left, top, width, height. It may lie partly outside of an image.</summary>
internal readonly record struct PixelBox(int X, int Y, int Width, int Height)
{
    /// <summary>The first column right of the box.</summary>
    public int Right => X + Width;

    /// <summary>The first row below the box: where an object that stands touches the ground.</summary>
    public int Bottom => Y + Height;

    /// <summary>The box of the pixels whose label is wanted; empty where there are none.</summary>
    internal static PixelBox Of(LabelMap labels, Predicate<byte> isWanted)
    {
        int left = labels.Width, top = labels.Height, right = 0, bottom = 0;
        for (var y = 0; y < labels.Height; y++)
            for (var x = 0; x < labels.Width; x++)
            {
                if (!isWanted(labels[x, y])) continue;
                (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x + 1), Math.Max(bottom, y + 1));
            }

        return right == 0 ? default : new PixelBox(left, top, right - left, bottom - top);
    }

    /// <summary>The smallest box that holds both.</summary>
    internal PixelBox Union(PixelBox other)
    {
        var (x, y) = (Math.Min(X, other.X), Math.Min(Y, other.Y));
        return new PixelBox(x, y, Math.Max(Right, other.Right) - x, Math.Max(Bottom, other.Bottom) - y);
    }

    /// <summary>Intersection over union, in 0..1.</summary>
    public double IoU(PixelBox other)
    {
        var shared = (double)Math.Max(0, Math.Min(Right, other.Right) - Math.Max(X, other.X))
            * Math.Max(0, Math.Min(Bottom, other.Bottom) - Math.Max(Y, other.Y));
        var union = ((double)Width * Height) + ((double)other.Width * other.Height) - shared;
        return union > 0 ? shared / union : 0;
    }
}
