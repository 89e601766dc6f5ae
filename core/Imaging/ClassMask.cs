using System.Globalization;

namespace FreeMask.Imaging;

/// <summary>The meaning of the values and colors of a data set's class masks.</summary>
/// <param name="Classes">Number of classes.</param>
/// <param name="Colors">Labels by color, 65536 R + 256 G + B; 255 for void.</param>
/// <param name="GreyIsLabel">A palette of greys holds labels even where its greys are colors of classes as well.</param>
/// <param name="Remedy">What to do about a color that is not known: the end of a message.</param>
internal sealed record MaskColors(int Classes, IReadOnlyDictionary<int, byte> Colors, bool GreyIsLabel, string Remedy)
{
    internal static int Key(int red, int green, int blue) => (red << 16) | (green << 8) | blue;

    internal static int Key((byte R, byte G, byte B) color) => Key(color.R, color.G, color.B);
}

/// <summary>
/// Reads class masks. Values of a grey PNG are labels. Palettes are only a way to store colors, and image tools re-order them: a palette
/// PNG is read by its colors, as an RGB PNG is; where the data set does not know these, but all are greys, their levels are labels (a grey
/// mask that a tool gave a palette).
/// </summary>
internal static class ClassMask
{
    /// <summary>Reads a mask as it is stored, with its EXIF orientation.</summary>
    /// <exception cref="FreeMaskException">The file is missing or damaged, or has a color or label that the data set does not
    /// know.</exception>
    internal static (LabelMap Stored, int Orientation) Load(string path, MaskColors colors)
    {
        var data = ImageCodec.ReadFile(path);
        if (!PngReader.HasSignature(data))
            throw new FreeMaskException($"{path} is not a PNG; masks must be PNG files, because other formats change their values.");
        return (Read(PngReader.Read(data, path, ImageCodec.MaximumPixels), path, colors), ExifOrientation.Of(data));
    }

    private static LabelMap Read(PngImage png, string path, MaskColors colors)
    {
        var labels = new LabelMap(png.Width, png.Height);
        if (png.ColorType is PngColorType.Grey or PngColorType.GreyAlpha)
        {
            for (var i = 0; i < labels.Labels.Length; i++) labels.Labels[i] = Label(png.Raw(png.Samples[i * png.Channels]), path, colors);
            return labels;
        }

        var keys = Keys(png, path);
        var table = Table(keys.Distinct().ToArray(), path, colors);
        for (var i = 0; i < keys.Length; i++) labels.Labels[i] = table[keys[i]];
        return labels;
    }

    /// <summary>The label of each color that the mask uses.</summary>
    private static Dictionary<int, byte> Table(int[] used, string path, MaskColors colors)
    {
        var (known, greys) = (Array.TrueForAll(used, colors.Colors.ContainsKey), Array.TrueForAll(used, IsGrey));
        if (greys && (colors.GreyIsLabel || !known)) return used.ToDictionary(key => key, key => Label(key & 255, path, colors));
        if (known) return used.ToDictionary(key => key, key => Label(colors.Colors[key], path, colors));
        var stranger = used.First(key => !colors.Colors.ContainsKey(key));
        throw new FreeMaskException($"{path} has the color {Text(stranger)}, which is no class of the data set. {colors.Remedy}");
    }

    private static int[] Keys(PngImage png, string path)
    {
        var keys = new int[png.Width * png.Height];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = png.ColorType == PngColorType.Indexed ? Entry(png, png.Samples[i], path) : Color(png, i * png.Channels, path);
        return keys;
    }

    private static int Entry(PngImage png, int index, string path) => (3 * index) + 2 < png.Palette!.Length
        ? MaskColors.Key(png.Palette[3 * index], png.Palette[(3 * index) + 1], png.Palette[(3 * index) + 2])
        : throw new FreeMaskException($"{path} uses the palette entry {index}, but its palette has {png.Palette.Length / 3}.");

    private static int Color(PngImage png, int at, string path)
    {
        Span<int> rgb = [png.Samples[at], png.Samples[at + 1], png.Samples[at + 2]];
        if (png.BitDepth == 16)
            foreach (ref var sample in rgb)
                sample =
                    sample % 257 == 0
                        ? sample / 257
                        : throw new FreeMaskException($"{path} has colors of 16 bits that are none of 8; save the mask with 8 bits.");
        return MaskColors.Key(rgb[0], rgb[1], rgb[2]);
    }

    private static byte Label(int value, string path, MaskColors colors) =>
        value == LabelMap.Ignore || value < colors.Classes
            ? (byte)value
            : throw new FreeMaskException(
                $"{path} has the label {value}, but the data set has {colors.Classes} classes (0 to {colors.Classes - 1}; 255 is void)."
            );

    private static bool IsGrey(int key) => key % 0x010101 == 0;

    private static string Text(int key) => string.Create(CultureInfo.InvariantCulture, $"({key >> 16}, {(key >> 8) & 255}, {key & 255})");
}
