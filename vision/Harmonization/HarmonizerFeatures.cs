using FreeMask.Imaging;

namespace FreeMask.Vision.Harmonization;

/// <summary>
/// What the learned harmonizer sees of an object: a square part of the image around it, reduced to <see cref="Side"/> x
/// <see cref="Side"/> cells, as four planes: L / 50 - 1, a / 30, b / 30, and the object's share of the cell.
/// </summary>
internal static class HarmonizerFeatures
{
    /// <summary>Cells of a side.</summary>
    internal const int Side = 64;

    /// <summary>Planes.</summary>
    internal const int Planes = 4;

    /// <summary>Numbers in all.</summary>
    internal const int Length = Planes * Side * Side;

    /// <summary>How many times the object's longer side the part of the image is wide.</summary>
    internal const double Context = 2.2;

    /// <summary>The part of an image around an object: a square where the image has room for one.</summary>
    /// <param name="image">The image.</param>
    /// <param name="share">The object's share of each pixel, 0..1; above 0 somewhere.</param>
    /// <param name="context">How many times the object's longer side it is wide.</param>
    internal static (RgbImage Image, FloatMap Share) Crop(RgbImage image, FloatMap share, double context = Context)
    {
        var (width, height) = (image.Width, image.Height);
        int left = width, top = height, right = 0, bottom = 0;
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                if (share[x, y] <= 0.5f) continue;
                (left, right) = (Math.Min(left, x), Math.Max(right, x + 1));
                (top, bottom) = (Math.Min(top, y), Math.Max(bottom, y + 1));
            }

        var side = Math.Max(8, (int)(context * Math.Max(right - left, bottom - top)));
        var (w, h) = (Math.Min(side, width), Math.Min(side, height));
        var x0 = Math.Clamp(((left + right) / 2) - (w / 2), 0, width - w);
        var y0 = Math.Clamp(((top + bottom) / 2) - (h / 2), 0, height - h);
        var part = new RgbImage(w, h);
        var mask = new FloatMap(w, h);
        for (var y = 0; y < h; y++)
        {
            image.Pixels.AsSpan(3 * (((y0 + y) * width) + x0), 3 * w).CopyTo(part.Pixels.AsSpan(3 * y * w));
            share.Values.AsSpan(((y0 + y) * width) + x0, w).CopyTo(mask.Values.AsSpan(y * w));
        }

        return (
            Resampling.Resize(part, Side, Side, ResamplingFilter.Antialias),
            Resampling.Resize(mask, Side, Side, ResamplingFilter.Antialias)
        );
    }

    /// <summary>Writes the planes of a part of <see cref="Side"/> x <see cref="Side"/> cells.</summary>
    internal static void Fill(RgbImage part, FloatMap share, Span<float> planes)
    {
        const int Cells = Side * Side;
        for (var i = 0; i < Cells; i++)
        {
            var (l, a, b) = LabColor.FromRgb(part.Pixels[3 * i], part.Pixels[(3 * i) + 1], part.Pixels[(3 * i) + 2]);
            planes[i] = (float)((l / 50) - 1);
            planes[Cells + i] = (float)(a / 30);
            planes[(2 * Cells) + i] = (float)(b / 30);
            planes[(3 * Cells) + i] = share.Values[i];
        }
    }
}
