using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>
/// Removes an object from an image by filling its pixels from what surrounds them: means over ever larger squares of the pixels that are
/// known, taken back from the coarsest to the finest (the pull-push of Gortler et al., "The Lumigraph", 1996).
/// </summary>
internal static class ObjectRemoval
{
    /// <summary>Fills a part of an image; all other pixels stay.</summary>
    /// <param name="image">The image.</param>
    /// <param name="hole">Not 0 where pixels are to be filled; of the image's size.</param>
    internal static RgbImage Fill(RgbImage image, byte[] hole)
    {
        var level = new Level(image.Width, image.Height);
        for (var i = 0; i < hole.Length; i++)
        {
            if (hole[i] != 0) continue;
            level.Weight[i] = 1;
            for (var c = 0; c < 3; c++) level.Color[(3 * i) + c] = image.Pixels[(3 * i) + c];
        }

        Complete(level);
        var result = image.Clone();
        for (var i = 0; i < hole.Length; i++)
            if (hole[i] != 0)
                for (var c = 0; c < 3; c++) result.Pixels[(3 * i) + c] = (byte)Math.Clamp(level.Color[(3 * i) + c] + 0.5f, 0, 255);
        return result;
    }

    /// <summary>Gives every pixel a color: those of weight 0 that of the next coarser level, interpolated.</summary>
    private static void Complete(Level fine)
    {
        if (fine.Width * fine.Height == 1 || fine.Weight.All(w => w > 0)) return;
        var coarse = new Level((fine.Width + 1) / 2, (fine.Height + 1) / 2);
        for (var y = 0; y < fine.Height; y++)
            for (var x = 0; x < fine.Width; x++)
            {
                var (from, to) = ((y * fine.Width) + x, (y / 2 * coarse.Width) + (x / 2));
                if (fine.Weight[from] == 0) continue;
                coarse.Weight[to]++;
                for (var c = 0; c < 3; c++) coarse.Color[(3 * to) + c] += fine.Color[(3 * from) + c];
            }

        for (var i = 0; i < coarse.Weight.Length; i++)
        {
            if (coarse.Weight[i] == 0) continue;
            for (var c = 0; c < 3; c++) coarse.Color[(3 * i) + c] /= coarse.Weight[i];
            coarse.Weight[i] = 1;
        }

        Complete(coarse);
        for (var y = 0; y < fine.Height; y++)
            for (var x = 0; x < fine.Width; x++)
            {
                var to = (y * fine.Width) + x;
                if (fine.Weight[to] > 0) continue;
                for (var c = 0; c < 3; c++) fine.Color[(3 * to) + c] = coarse.At(((x + 0.5f) / 2) - 0.5f, ((y + 0.5f) / 2) - 0.5f, c);
                fine.Weight[to] = 1;
            }
    }

    private sealed class Level(int width, int height)
    {
        internal int Width { get; } = width;

        internal int Height { get; } = height;

        internal float[] Weight { get; } = new float[width * height];

        internal float[] Color { get; } = new float[3 * width * height];

        /// <summary>A channel between pixel centers, edges repeated.</summary>
        internal float At(float x, float y, int channel)
        {
            var (left, top) = ((int)MathF.Floor(x), (int)MathF.Floor(y));
            var (dx, dy) = (x - left, y - top);
            float Pixel(int column, int row) =>
                Color[(3 * ((Math.Clamp(row, 0, Height - 1) * Width) + Math.Clamp(column, 0, Width - 1))) + channel];
            return ((1 - dy) * (((1 - dx) * Pixel(left, top)) + (dx * Pixel(left + 1, top))))
                + (dy * (((1 - dx) * Pixel(left, top + 1)) + (dx * Pixel(left + 1, top + 1))));
        }
    }
}
