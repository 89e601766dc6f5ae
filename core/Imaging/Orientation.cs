namespace FreeMask.Imaging;

/// <summary>The eight EXIF orientations.</summary>
internal static class Orientation
{
    private const int Mirrored = 2;

    /// <summary>The image with left and right exchanged.</summary>
    internal static RgbImage Mirror(RgbImage image) => Upright(image, Mirrored);

    /// <summary>The labels with left and right exchanged.</summary>
    internal static LabelMap Mirror(LabelMap labels) => Upright(labels, Mirrored);

    /// <summary>Turns stored pixels upright.</summary>
    /// <param name="stored">The pixels as the file has them.</param>
    /// <param name="orientation">The EXIF tag: 1 upright, 2 mirrored, 3 turned by 180 degrees, 4 flipped, 5 to 8 the transposed
    /// four.</param>
    internal static RgbImage Upright(RgbImage stored, int orientation)
    {
        if (orientation is < 2 or > 8) return stored;
        var result = IsTransposed(orientation) ? new RgbImage(stored.Height, stored.Width) : new RgbImage(stored.Width, stored.Height);
        for (var y = 0; y < result.Height; y++)
            for (var x = 0; x < result.Width; x++)
            {
                var (sourceX, sourceY) = Source(x, y, stored.Width, stored.Height, orientation);
                stored[sourceX, sourceY].CopyTo(result[x, y]);
            }

        return result;
    }

    /// <summary>Turns stored labels upright.</summary>
    internal static LabelMap Upright(LabelMap stored, int orientation)
    {
        if (orientation is < 2 or > 8) return stored;
        var result = IsTransposed(orientation) ? new LabelMap(stored.Height, stored.Width) : new LabelMap(stored.Width, stored.Height);
        for (var y = 0; y < result.Height; y++)
            for (var x = 0; x < result.Width; x++)
            {
                var (sourceX, sourceY) = Source(x, y, stored.Width, stored.Height, orientation);
                result[x, y] = stored[sourceX, sourceY];
            }

        return result;
    }

    private static bool IsTransposed(int orientation) => orientation >= 5;

    /// <summary>The stored pixel that comes to a place of the upright image.</summary>
    private static (int X, int Y) Source(int x, int y, int width, int height, int orientation)
    {
        var (sourceX, sourceY) = IsTransposed(orientation) ? (y, x) : (x, y);
        return (
            orientation is 2 or 3 or 7 or 8 ? width - 1 - sourceX : sourceX,
            orientation is 3 or 4 or 6 or 7 ? height - 1 - sourceY : sourceY
        );
    }
}
