using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>
/// What FOPA's network sees (composition.md 1.1): the background, and the object at its size in the middle of a black canvas of the
/// background's size, both squashed to the network's size by Pillow's bilinear filter and normalized with ImageNet's mean and deviation;
/// beside them the object's mask, by the nearest pixel.
/// </summary>
internal static class PlacementInputs
{
    private static readonly float[] Mean = [0.485f, 0.456f, 0.406f], Deviation = [0.229f, 0.224f, 0.225f];

    /// <summary>Writes an image as normalized planes R, G, B.</summary>
    internal static void Fill(RgbImage image, Span<float> planes)
    {
        var area = image.Width * image.Height;
        for (var c = 0; c < 3; c++)
            for (var i = 0; i < area; i++) planes[(c * area) + i] = ((image.Pixels[(3 * i) + c] / 255f) - Mean[c]) / Deviation[c];
    }

    /// <summary>Squashes an image to the network's size.</summary>
    internal static RgbImage Squash(RgbImage image, int width, int height) =>
        Resampling.Resize(image, width, height, ResamplingFilter.Antialias);

    /// <summary>An object on its canvas, squashed to the network's size.</summary>
    /// <param name="cutout">The object.</param>
    /// <param name="size">Its size in pixels of the background.</param>
    /// <param name="background">Width and height of the background.</param>
    /// <param name="width">The network's width.</param>
    /// <param name="height">The network's height.</param>
    /// <returns>Colors, and 1 where the object is.</returns>
    internal static (RgbImage Image, FloatMap Mask) Canvas(
        Cutout cutout,
        (int Height, int Width) size,
        (int Width, int Height) background,
        int width,
        int height
    )
    {
        var sprite = Sprite.Render(cutout, size.Width, size.Height);
        var (canvas, mask) = (new RgbImage(background.Width, background.Height), new LabelMap(background.Width, background.Height));
        var (left, top) = ((background.Width - size.Width) / 2, (background.Height - size.Height) / 2);
        var plane = sprite.Alpha.Length;
        for (var y = Math.Max(0, -top); y < Math.Min(size.Height, background.Height - top); y++)
            for (var x = Math.Max(0, -left); x < Math.Min(size.Width, background.Width - left); x++)
            {
                var at = (y * size.Width) + x;
                // What lies outside of the object is black, as in libcom.
                if (sprite.Alpha[at] <= 0.5f) continue;
                mask[left + x, top + y] = 1;
                var pixel = canvas[left + x, top + y];
                for (var c = 0; c < 3; c++)
                    pixel[c] = (byte)Math.Clamp((sprite.Colors[(c * plane) + at] / sprite.Alpha[at]) + 0.5f, 0, 255);
            }

        var small = Resampling.Resize(mask, width, height, ResamplingFilter.NearestStepped);
        return (Squash(canvas, width, height), new FloatMap(width, height, Array.ConvertAll(small.Labels, l => (float)l)));
    }
}
