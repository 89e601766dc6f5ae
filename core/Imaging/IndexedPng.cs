using System.IO.Compression;

namespace FreeMask.Imaging;

/// <summary>
/// Label maps as PNG files. Written as VOC writes them: color type 3, 8 bits, all 256 palette entries, no transparency, index = label,
/// 255 = (224, 224, 192). Read back as raw indices, whatever the bit depth.
/// </summary>
internal static class IndexedPng
{
    private static readonly byte[] Palette = MakePalette(VocPalette.Color);

    /// <summary>Encodes a label map with VOC's palette.</summary>
    public static byte[] Encode(LabelMap labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return PngWriter.Indexed(labels.Width, labels.Height, labels.Labels, Palette, CompressionLevel.Optimal);
    }

    /// <summary>Writes a label map with VOC's palette to a file.</summary>
    public static void Save(LabelMap labels, string path) => File.WriteAllBytes(path, Encode(labels));

    /// <summary>Writes a label map with another palette to a file.</summary>
    /// <param name="labels">The labels.</param>
    /// <param name="path">The file.</param>
    /// <param name="colorOf">The color of each label.</param>
    public static void Save(LabelMap labels, string path, Func<byte, (byte R, byte G, byte B)> colorOf)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(colorOf);
        File.WriteAllBytes(
            path,
            PngWriter.Indexed(labels.Width, labels.Height, labels.Labels, MakePalette(colorOf), CompressionLevel.Optimal)
        );
    }

    /// <summary>Reads a label file: palette indices, or the values of a grey image.</summary>
    /// <param name="data">The bytes of the file.</param>
    /// <param name="origin">What an error message calls the file.</param>
    /// <exception cref="FreeMaskException">The file is damaged, has colors instead of labels, or a label above 255.</exception>
    public static LabelMap Decode(ReadOnlySpan<byte> data, string origin)
    {
        var png = DecodeSamples(data, origin);
        var labels = new LabelMap(png.Width, png.Height);
        for (var i = 0; i < png.Samples.Length; i++)
        {
            if (png.Samples[i] > 255)
                throw new FreeMaskException($"{origin} has the label {png.Samples[i]}; labels above 255 are not class labels.");
            labels.Labels[i] = (byte)png.Raw(png.Samples[i]);
        }

        return labels;
    }

    /// <summary>Reads a label file.</summary>
    /// <exception cref="FreeMaskException">The file is missing, damaged, has colors instead of labels, or a label above 255.</exception>
    public static LabelMap Load(string path) => Decode(ImageCodec.ReadFile(path), path);

    /// <summary>Encodes 16-bit ids, row-major, as a grey PNG (instance ids of Cityscapes).</summary>
    public static byte[] EncodeIds(int width, int height, ReadOnlySpan<ushort> ids)
    {
        if (ids.Length != PixelGrid.Area(width, height))
            throw new ArgumentException($"ids has {ids.Length} elements, expected {width * height}.", nameof(ids));
        return PngWriter.Grey16(width, height, ids, CompressionLevel.Optimal);
    }

    /// <summary>Encodes labels as an 8-bit grey PNG without a palette.</summary>
    public static byte[] EncodeGrey(LabelMap labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return PngWriter.Grey8(labels.Width, labels.Height, labels.Labels, CompressionLevel.Optimal);
    }

    /// <summary>Reads a single-channel PNG of any bit depth with its raw samples.</summary>
    /// <exception cref="FreeMaskException">The file is damaged or has more than one channel.</exception>
    public static PngImage DecodeSamples(ReadOnlySpan<byte> data, string origin)
    {
        if (!PngReader.HasSignature(data))
            throw new FreeMaskException($"{origin} is not a PNG; label maps must be indexed or grey PNG files.");
        var png = PngReader.Read(data, origin, ImageCodec.MaximumPixels);
        if (png.Channels != 1)
            throw new FreeMaskException(
                $"{origin} has {png.Channels} channels; a label map must be an indexed or grey PNG whose values are class ids."
            );
        return png;
    }

    private static byte[] MakePalette(Func<byte, (byte R, byte G, byte B)> colorOf)
    {
        var palette = new byte[768];
        for (var i = 0; i < 256; i++) (palette[3 * i], palette[(3 * i) + 1], palette[(3 * i) + 2]) = colorOf((byte)i);
        return palette;
    }
}
