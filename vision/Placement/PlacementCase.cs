using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Vision.Placement;

/// <summary>
/// A photograph whose object was taken out, so that its true place and size are known: what placement is learned from and measured on.
/// Filled parts must not tell where the object was, so parts of its shape are filled elsewhere too, at other sizes.
/// </summary>
internal static class PlacementCase
{
    /// <summary>Largest intersection over union of the true box with one that counts as another place.</summary>
    internal const double MostOverlap = 0.3;

    private const int Decoys = 2, Tries = 30;

    private const double SmallestDecoy = 0.5, LargestDecoy = 2;

    /// <summary>The image without the object.</summary>
    /// <param name="image">The image.</param>
    /// <param name="mask">Not 0 where the object is.</param>
    /// <param name="enlarged">How many times as large as the object, at least 1, the filled part is.</param>
    /// <param name="random">Places and sizes of the other filled parts.</param>
    internal static RgbImage Remove(RgbImage image, LabelMap mask, double enlarged, CounterRandom random)
    {
        var box = PixelBox.Of(mask, label => label != 0);
        var hole = new byte[mask.Labels.Length];
        var (x, y) = (box.X + (box.Width / 2.0), box.Y + (box.Height / 2.0));
        Stamp(hole, mask, box, enlarged, x, y);
        for (var n = 0; n < Decoys; n++)
        {
            var scale = SmallestDecoy * Math.Pow(LargestDecoy / SmallestDecoy, random.NextDouble());
            var size = ((int)(box.Height * scale), (int)(box.Width * scale));
            if (Elsewhere(box, size, image.Width, image.Height, random) is not { } place) continue;
            Stamp(hole, mask, box, scale, place.X + (place.Width / 2.0), place.Y + (place.Height / 2.0));
        }

        // Two pixels more: the edge of an object colors what is beside it, and masks are not exact.
        return ObjectRemoval.Fill(image, Regions.Dilate(hole, mask.Width, 2));
    }

    /// <summary>A place inside the image that overlaps the true one little; null where none was found.</summary>
    /// <param name="truth">The true box.</param>
    /// <param name="size">The size of the object there.</param>
    /// <param name="width">Width of the image.</param>
    /// <param name="height">Height of the image.</param>
    /// <param name="random">The stream.</param>
    internal static PixelBox? Elsewhere(PixelBox truth, (int Height, int Width) size, int width, int height, CounterRandom random)
    {
        if (size.Height < 1 || size.Width < 1 || size.Height > height || size.Width > width) return null;
        for (var n = 0; n < Tries; n++)
        {
            var box = new PixelBox(
                random.NextInt(width - size.Width + 1), random.NextInt(height - size.Height + 1), size.Width, size.Height);
            if (box.IoU(truth) <= MostOverlap && !Contains(box, truth) && !Contains(truth, box)) return box;
        }

        return null;
    }

    /// <summary>A box of another size that stands where a box stands: with the middle of its lower edge in the same place.</summary>
    internal static PixelBox Standing(PixelBox box, (int Height, int Width) size) =>
        new(box.X + ((box.Width - size.Width) / 2), box.Bottom - size.Height, size.Width, size.Height);

    /// <summary>Whether a box lies inside an image.</summary>
    internal static bool IsInside(PixelBox box, int width, int height) =>
        box.X >= 0 && box.Y >= 0 && box.Right <= width && box.Bottom <= height;

    /// <summary>The cell of a heat map at the middle of a box.</summary>
    internal static (int Row, int Column) CellOf(PixelBox box, int width, int height, (int Width, int Height) map) => (
        Math.Clamp((int)((box.Y + (box.Height / 2.0)) * map.Height / height), 0, map.Height - 1),
        Math.Clamp((int)((box.X + (box.Width / 2.0)) * map.Width / width), 0, map.Width - 1));

    private static bool Contains(PixelBox outer, PixelBox inner) =>
        outer.X <= inner.X && outer.Y <= inner.Y && outer.Right >= inner.Right && outer.Bottom >= inner.Bottom;

    /// <summary>Marks the shape of a mask at another size, with its box's middle at a point.</summary>
    private static void Stamp(byte[] hole, LabelMap mask, PixelBox box, double scale, double x, double y)
    {
        var (halfWidth, halfHeight) = (box.Width * scale / 2, box.Height * scale / 2);
        for (var row = Math.Max(0, (int)(y - halfHeight)); row < Math.Min(mask.Height, y + halfHeight); row++)
            for (var column = Math.Max(0, (int)(x - halfWidth)); column < Math.Min(mask.Width, x + halfWidth); column++)
            {
                var fromX = (int)Math.Floor(box.X + (box.Width / 2.0) + ((column + 0.5 - x) / scale));
                var fromY = (int)Math.Floor(box.Y + (box.Height / 2.0) + ((row + 0.5 - y) / scale));
                var isInside = (uint)fromX < (uint)mask.Width && (uint)fromY < (uint)mask.Height;
                if (isInside && mask[fromX, fromY] != 0) hole[(row * mask.Width) + column] = 1;
            }
    }
}
