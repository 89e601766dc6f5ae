using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>Sides of an image.</summary>
[Flags]
internal enum BorderSides
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Left.</summary>
    Left = 1,

    /// <summary>Top.</summary>
    Top = 2,

    /// <summary>Right.</summary>
    Right = 4,

    /// <summary>Bottom.</summary>
    Bottom = 8,
}

/// <summary>An object with its own outline: colors, opacity, and the sides at which the image that it comes from cut it off.</summary>
internal sealed class Cutout
{
    private const int FeatherReach = 2;

    private Cutout(RgbImage image, FloatMap alpha, PixelBox source, BorderSides cut, int imageHeight)
    {
        Image = image;
        Alpha = alpha;
        Source = source;
        Cut = cut;
        HeightInImage = (double)source.Height / imageHeight;
        BottomInImage = (double)source.Bottom / imageHeight;
    }

    /// <summary>Colors (not premultiplied), black where the object is not.</summary>
    public RgbImage Image { get; }

    /// <summary>Opacity in 0..1, of the image's size.</summary>
    public FloatMap Alpha { get; }

    /// <summary>Where this rectangle lay in its image; it may reach one pixel outside.</summary>
    public PixelBox Source { get; }

    /// <summary>Its height in image heights of the image that it comes from.</summary>
    public double HeightInImage { get; }

    /// <summary>Its lower edge in image heights of the image that it comes from.</summary>
    public double BottomInImage { get; }

    /// <summary>Sides at which the object goes on outside of its image.</summary>
    public BorderSides Cut { get; }

    /// <summary>Width in pixels.</summary>
    public int Width => Image.Width;

    /// <summary>Height in pixels.</summary>
    public int Height => Image.Height;

    /// <summary>Pixels that are more object than background.</summary>
    public int Area => Alpha.Values.Count(a => a > 0.5f);

    /// <summary>The first row, and the first one below, of its class pixels: the rest is the soft edge. In heights of the cutout.</summary>
    internal (double Top, double Bottom) Solid { get; private init; }

    /// <summary>
    /// Cuts the largest object of a class out of an image. Parts that only the 255 band separates belong together. Opacity is 1 on the
    /// class, and in the 255 band beside it falls to 0 within <paramref name="feather"/> pixels; band pixels take the color of the object
    /// next to them, so that the old background does not shine through. Null where the class is absent.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="labels">Its labels: classes, 0 background, 255 undecided.</param>
    /// <param name="classId">Which class.</param>
    /// <param name="feather">Width of the soft edge in pixels, 1..2.</param>
    /// <exception cref="FreeMaskException">Image and labels differ in size.</exception>
    public static Cutout? Largest(RgbImage image, LabelMap labels, byte classId, double feather = 1.5)
    {
        var parts = Parts(image, labels, classId);
        return parts.Count == 0 ? null : Take(image, labels, parts.MaxBy(p => p.Count(inside => inside))!, feather);
    }

    /// <summary>Cuts out all pixels of a class as one object, whether they hang together or not; null where there are none.</summary>
    internal static Cutout? Whole(RgbImage image, LabelMap labels, byte classId, double feather = 1.5)
    {
        var core = Array.ConvertAll(labels.Labels, l => l == classId);
        return core.Contains(true) ? Take(image, labels, core, feather) : null;
    }

    /// <summary>Cuts out every object of a class of at least <paramref name="leastPixels"/> pixels, in raster order.</summary>
    internal static IEnumerable<Cutout> All(RgbImage image, LabelMap labels, byte classId, int leastPixels, double feather) =>
        Parts(image, labels, classId).Where(p => p.Count(inside => inside) >= leastPixels).Select(p => Take(image, labels, p, feather));

    /// <summary>The pixels of each object: class pixels that hang together, be it through undecided ones.</summary>
    private static List<bool[]> Parts(RgbImage image, LabelMap labels, byte classId)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(labels);
        if ((image.Width, image.Height) != (labels.Width, labels.Height))
        {
            throw new FreeMaskException(
                $"The image is {image.Width} x {image.Height} pixels but its label map {labels.Width} x {labels.Height}; they must be of "
                    + "one size."
            );
        }

        var regions = Regions.Find(
            Array.ConvertAll(labels.Labels, l => (byte)(l == classId || l == LabelMap.Ignore ? 1 : 0)),
            labels.Width
        );
        var parts = new bool[regions.Sizes.Count][];
        for (var i = 0; i < labels.Labels.Length; i++)
            if (labels.Labels[i] == classId) (parts[regions.Index[i] - 1] ??= new bool[labels.Labels.Length])[i] = true;
        return [.. parts.Where(p => p is not null)];
    }

    private static Cutout Take(RgbImage image, LabelMap labels, bool[] core, double feather)
    {
        int width = image.Width, height = image.Height;
        int left = width, top = height, right = 0, bottom = 0;
        var onBorder = new int[4];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                if (!core[(y * width) + x]) continue;
                (left, right, top, bottom) = (Math.Min(left, x), Math.Max(right, x + 1), Math.Min(top, y), Math.Max(bottom, y + 1));
                if (x == 0) onBorder[0]++;
                if (y == 0) onBorder[1]++;
                if (x == width - 1) onBorder[2]++;
                if (y == height - 1) onBorder[3]++;
            }
        }

        var cut = CutSides(onBorder, right - left, bottom - top);
        // Room for the feather and one transparent pixel, so that resizing fades out; none where the object goes on.
        const int margin = FeatherReach + 1;
        var x0 = cut.HasFlag(BorderSides.Left) ? 0 : left - margin;
        var y0 = cut.HasFlag(BorderSides.Top) ? 0 : top - margin;
        var x1 = cut.HasFlag(BorderSides.Right) ? width : right + margin;
        var y1 = cut.HasFlag(BorderSides.Bottom) ? height : bottom + margin;
        var result = new Cutout(
            new RgbImage(x1 - x0, y1 - y0),
            new FloatMap(x1 - x0, y1 - y0),
            new PixelBox(x0, y0, x1 - x0, y1 - y0),
            cut,
            height
        )
        {
            Solid = ((double)(top - y0) / (y1 - y0), (double)(bottom - y0) / (y1 - y0)),
        };
        for (var y = Math.Max(0, y0); y < Math.Min(height, y1); y++)
            for (var x = Math.Max(0, x0); x < Math.Min(width, x1); x++) result.TakePixel(image, labels, core, x, y, feather);
        return result;
    }

    private static BorderSides CutSides(int[] onBorder, int width, int height)
    {
        var cut = BorderSides.None;
        for (var side = 0; side < 4; side++)
        {
            var along = side % 2 == 0 ? height : width;
            if (onBorder[side] >= Math.Max(3, along / 10)) cut |= (BorderSides)(1 << side);
        }

        return cut;
    }

    private void TakePixel(RgbImage image, LabelMap labels, bool[] core, int x, int y, double feather)
    {
        int tx = x - Source.X, ty = y - Source.Y;
        if (core[(y * image.Width) + x])
        {
            Alpha[tx, ty] = 1;
            image[x, y].CopyTo(Image[tx, ty]);
            return;
        }

        if (labels[x, y] != LabelMap.Ignore) return;
        double nearest = double.MaxValue, weight = 0, red = 0, green = 0, blue = 0;
        for (var dy = -FeatherReach; dy <= FeatherReach; dy++)
        {
            for (var dx = -FeatherReach; dx <= FeatherReach; dx++)
            {
                int sx = x + dx, sy = y + dy;
                if ((uint)sx >= (uint)image.Width || (uint)sy >= (uint)image.Height || !core[(sy * image.Width) + sx]) continue;
                var squared = (dx * dx) + (dy * dy);
                nearest = Math.Min(nearest, squared);
                var pixel = image[sx, sy];
                red += (double)pixel[0] / squared;
                green += (double)pixel[1] / squared;
                blue += (double)pixel[2] / squared;
                weight += 1.0 / squared;
            }
        }

        if (weight == 0) return;
        var alpha = 1 - ((Math.Sqrt(nearest) - 0.5) / feather);
        if (alpha <= 0) return;
        Alpha[tx, ty] = (float)Math.Min(1, alpha);
        var target = Image[tx, ty];
        (target[0], target[1], target[2]) = ((byte)((red / weight) + 0.5), (byte)((green / weight) + 0.5), (byte)((blue / weight) + 0.5));
    }
}
