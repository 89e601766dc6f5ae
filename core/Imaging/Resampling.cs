namespace FreeMask.Imaging;

/// <summary>How <see cref="Resampling"/> weighs source pixels. Pixel centers lie at half-integers (align_corners = false); edges are
/// repeated.</summary>
public enum ResamplingFilter
{
    /// <summary>The source pixel under the center: floor((i + 0.5) scale), as OpenCV's INTER_NEAREST_EXACT.</summary>
    Nearest,

    /// <summary>Two taps an axis, never widened: torch and OpenCV's bilinear.</summary>
    Bilinear,

    /// <summary>Four taps an axis with a = -0.75, never widened: torch and OpenCV's bicubic. Overshoots.</summary>
    Bicubic,

    /// <summary>OpenCV's INTER_AREA: the mean over the covered area; blocks with mixed seams where an axis grows. For thumbnails.</summary>
    Area,

    /// <summary>A triangle that widens when shrinking: Pillow's bilinear and torch's with antialias. For training images.</summary>
    Antialias,

    /// <summary>Floor(i scale): OpenCV's INTER_NEAREST.</summary>
    NearestFloor,

    /// <summary>Nearest as Pillow does it: like <see cref="Nearest"/>, but for the rounding where a position is a whole number.</summary>
    NearestStepped,

    /// <summary>Eight taps an axis, never widened: OpenCV's LANCZOS4. Overshoots.</summary>
    Lanczos,

    /// <summary>Pillow's box: the mean of the pixels whose centers lie within half a target pixel.</summary>
    AntialiasBox,

    /// <summary>Pillow's Hamming: nearly as sharp as bicubic, without overshoot.</summary>
    AntialiasHamming,

    /// <summary>Pillow's bicubic, a = -0.5, widened when shrinking. Overshoots.</summary>
    AntialiasBicubic,

    /// <summary>Pillow's Lanczos of three lobes, widened when shrinking. Overshoots.</summary>
    AntialiasLanczos,
}

/// <summary>Changes the size of rasters. All filters but nearest are separable and computed in float.</summary>
internal static class Resampling
{
    /// <summary>Resizes a map.</summary>
    public static FloatMap Resize(FloatMap map, int width, int height, ResamplingFilter filter)
    {
        ArgumentNullException.ThrowIfNull(map);
        if ((map.Width, map.Height) == (width, height)) return map.Clone();
        var (columns, rows) = ResamplingTaps.Make((map.Width, map.Height), (width, height), filter);
        return new FloatMap(width, height, Apply(map.Values, map.Height, 1, columns, rows));
    }

    /// <summary>Resizes an image; values are rounded to the nearest level and clipped.</summary>
    public static RgbImage Resize(RgbImage image, int width, int height, ResamplingFilter filter)
    {
        ArgumentNullException.ThrowIfNull(image);
        if ((image.Width, image.Height) == (width, height)) return image.Clone();
        var source = new float[image.Pixels.Length];
        for (var i = 0; i < source.Length; i++) source[i] = image.Pixels[i];
        // Pillow keeps bytes between the two passes: what overshoots in the first is cut off before the second.
        var (columns, rows) = ResamplingTaps.Make((image.Width, image.Height), (width, height), filter);
        var values = Apply(source, image.Height, 3, columns, rows, cut: filter >= ResamplingFilter.AntialiasBox);
        var result = new RgbImage(width, height);
        for (var i = 0; i < values.Length; i++) result.Pixels[i] = (byte)Math.Clamp(values[i] + 0.5f, 0, 255);
        return result;
    }

    /// <summary>Resizes labels by one of the nearest filters; labels are never mixed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The filter mixes pixels.</exception>
    public static LabelMap Resize(LabelMap labels, int width, int height, ResamplingFilter filter = ResamplingFilter.Nearest)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (filter is not (ResamplingFilter.Nearest or ResamplingFilter.NearestFloor or ResamplingFilter.NearestStepped))
            throw new ArgumentOutOfRangeException(nameof(filter), filter, "Labels cannot be mixed.");
        var result = new LabelMap(width, height);
        var (columns, rows) = ResamplingTaps.Make((labels.Width, labels.Height), (width, height), filter);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++) result[x, y] = labels[columns.Index[x], rows.Index[y]];
        return result;
    }

    /// <summary>Bilinear with the corner pixels' centers aligned (torch's align_corners = true).</summary>
    internal static FloatMap ResizeAlignCorners(FloatMap map, int width, int height) => new(width, height,
        Apply(map.Values, map.Height, 1, ResamplingTaps.AlignCorners(map.Width, width), ResamplingTaps.AlignCorners(map.Height, height)));

    private static float[] Apply(
        float[] source,
        int sourceHeight,
        int channels,
        ResamplingTaps columns,
        ResamplingTaps rows,
        bool cut = false
    )
    {
        var sourceRow = source.Length / sourceHeight;
        var rowLength = columns.Length * channels;
        var wide = new float[sourceHeight * rowLength];
        for (var y = 0; y < sourceHeight; y++)
        {
            var from = source.AsSpan(y * sourceRow, sourceRow);
            var to = wide.AsSpan(y * rowLength, rowLength);
            for (var x = 0; x < columns.Length; x++)
                for (var tap = x * columns.Taps; tap < (x + 1) * columns.Taps; tap++)
                    for (var c = 0; c < channels; c++)
                        to[(x * channels) + c] += columns.Weight[tap] * from[(columns.Index[tap] * channels) + c];
        }

        if (cut)
            foreach (ref var value in wide.AsSpan()) value = Math.Clamp(value, 0, 255);
        var result = new float[rows.Length * rowLength];
        for (var y = 0; y < rows.Length; y++)
        {
            var to = result.AsSpan(y * rowLength, rowLength);
            for (var tap = y * rows.Taps; tap < (y + 1) * rows.Taps; tap++)
            {
                var weight = rows.Weight[tap];
                if (weight == 0) continue;
                var from = wide.AsSpan(rows.Index[tap] * rowLength, rowLength);
                for (var i = 0; i < to.Length; i++) to[i] += weight * from[i];
            }
        }

        return result;
    }
}
