namespace FreeMask.Imaging;

/// <summary>Images for people: labels drawn over an image, images side by side.</summary>
public static class ImageOverlay
{
    /// <summary>Draws labels over an image: classes in VOC's colors with a light outline, background darkened, 255 in grey.</summary>
    /// <param name="image">The image.</param>
    /// <param name="labels">Labels of the same size.</param>
    /// <param name="opacity">0 leaves the image, 1 hides it under the color.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static RgbImage Draw(RgbImage image, LabelMap labels, float opacity = 0.45f) =>
        Draw(image, labels, VocPalette.Color, opacity);

    /// <summary>The same in other colors.</summary>
    /// <param name="image">The image.</param>
    /// <param name="labels">Labels of the same size.</param>
    /// <param name="colorOf">The color of a class; it is lifted, so that it shows over dark images too.</param>
    /// <param name="opacity">0 leaves the image, 1 hides it under the color.</param>
    internal static RgbImage Draw(RgbImage image, LabelMap labels, Func<byte, (byte R, byte G, byte B)> colorOf, float opacity = 0.45f)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(labels);
        if ((image.Width, image.Height) != (labels.Width, labels.Height))
            throw new ArgumentException(
                $"The image is {image.Width} x {image.Height}, the labels are {labels.Width} x {labels.Height}.",
                nameof(labels)
            );
        var result = image.Clone();
        for (var y = 0; y < image.Height; y++)
            for (var x = 0; x < image.Width; x++)
            {
                var label = labels[x, y];
                var pixel = result[x, y];
                if (label == LabelMap.Background) Blend(pixel, (0, 0, 0), opacity / 2);
                else if (label == LabelMap.Ignore) Blend(pixel, (128, 128, 128), opacity);
                else if (IsEdge(labels, x, y)) Blend(pixel, (255, 255, 255), 0.85f);
                else Blend(pixel, Bright(colorOf(label)), opacity);
            }

        return result;
    }

    /// <summary>Places images row by row in cells of one size, each scaled to fit and centered.</summary>
    /// <param name="tiles">The images; at least one.</param>
    /// <param name="columns">Cells a row.</param>
    /// <param name="cell">Side of a cell in pixels.</param>
    /// <param name="gap">Pixels between cells and around them.</param>
    /// <exception cref="ArgumentException">There are no tiles.</exception>
    public static RgbImage Grid(IReadOnlyList<RgbImage> tiles, int columns, int cell = 128, int gap = 4)
    {
        ArgumentNullException.ThrowIfNull(tiles);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (tiles.Count == 0) throw new ArgumentException("A grid needs at least one image.", nameof(tiles));
        columns = Math.Min(columns, tiles.Count);
        var rows = (tiles.Count + columns - 1) / columns;
        var sheet = new RgbImage((columns * (cell + gap)) + gap, (rows * (cell + gap)) + gap);
        sheet.Pixels.AsSpan().Fill(255);
        for (var i = 0; i < tiles.Count; i++)
        {
            var tile = Fit(tiles[i], cell);
            var left = gap + (i % columns * (cell + gap)) + ((cell - tile.Width) / 2);
            var top = gap + (i / columns * (cell + gap)) + ((cell - tile.Height) / 2);
            for (var y = 0; y < tile.Height; y++)
                tile.Pixels.AsSpan(3 * y * tile.Width, 3 * tile.Width).CopyTo(sheet.Pixels.AsSpan(3 * (((top + y) * sheet.Width) + left)));
        }

        return sheet;
    }

    /// <summary>A map of 0..1 as an image, from dark blue over green to yellow.</summary>
    public static RgbImage HeatMap(FloatMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        var image = new RgbImage(map.Width, map.Height);
        for (var i = 0; i < map.Values.Length; i++)
        {
            var v = Math.Clamp(map.Values[i], 0, 1);
            var pixel = image.Pixels.AsSpan(3 * i, 3);
            pixel[0] = Level(v < 0.5f ? 60 - (60 * v) : 30 + (450 * (v - 0.5f)));
            pixel[1] = Level(10 + (220 * v));
            pixel[2] = Level(v < 0.5f ? 90 + (90 * v) : 135 - (200 * (v - 0.5f)));
        }

        return image;
    }

    private static RgbImage Fit(RgbImage image, int cell)
    {
        var scale = (double)cell / Math.Max(image.Width, image.Height);
        var filter = scale < 1 ? ResamplingFilter.Area : ResamplingFilter.Bilinear;
        return Resampling.Resize(
            image,
            Math.Max(1, (int)Math.Round(image.Width * scale)),
            Math.Max(1, (int)Math.Round(image.Height * scale)),
            filter
        );
    }

    private static bool IsEdge(LabelMap labels, int x, int y)
    {
        var label = labels[x, y];
        return (x > 0 && labels[x - 1, y] != label) || (x < labels.Width - 1 && labels[x + 1, y] != label)
            || (y > 0 && labels[x, y - 1] != label) || (y < labels.Height - 1 && labels[x, y + 1] != label);
    }

    /// <summary>
    /// The color in which a class is drawn over an image. VOC's palette starts dark; lifted, the color shows over dark images too.
    /// </summary>
    internal static (byte R, byte G, byte B) Bright((byte R, byte G, byte B) color) =>
        ((byte)(64 + (color.R * 3 / 4)), (byte)(64 + (color.G * 3 / 4)), (byte)(64 + (color.B * 3 / 4)));

    private static void Blend(Span<byte> pixel, (byte R, byte G, byte B) color, float opacity)
    {
        pixel[0] = Level(pixel[0] + ((color.R - pixel[0]) * opacity));
        pixel[1] = Level(pixel[1] + ((color.G - pixel[1]) * opacity));
        pixel[2] = Level(pixel[2] + ((color.B - pixel[2]) * opacity));
    }

    private static byte Level(float value) => (byte)Math.Clamp(value + 0.5f, 0, 255);
}
