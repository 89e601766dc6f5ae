namespace FreeMask.Vision.Imaging;

/// <summary>The eight EXIF orientations.</summary>
internal static class Orientation
{
    /// <summary>Turns stored pixels upright.</summary>
    /// <param name="stored">The pixels as the file has them.</param>
    /// <param name="orientation">The EXIF tag: 1 upright, 2 mirrored, 3 turned by 180 degrees, 4 flipped, 5 to 8 the transposed four.</param>
    internal static RgbImage Upright(RgbImage stored, int orientation)
    {
        if (orientation is < 2 or > 8) return stored;
        var transposed = orientation >= 5;
        var result = transposed ? new RgbImage(stored.Height, stored.Width) : new RgbImage(stored.Width, stored.Height);
        var mirrorX = orientation is 2 or 3 or 7 or 8;
        var mirrorY = orientation is 3 or 4 or 6 or 7;
        for (var y = 0; y < result.Height; y++)
            for (var x = 0; x < result.Width; x++)
            {
                var (sourceX, sourceY) = transposed ? (y, x) : (x, y);
                if (mirrorX) sourceX = stored.Width - 1 - sourceX;
                if (mirrorY) sourceY = stored.Height - 1 - sourceY;
                stored[sourceX, sourceY].CopyTo(result[x, y]);
            }

        return result;
    }
}
