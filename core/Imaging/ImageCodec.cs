using System.IO.Compression;

namespace FreeMask.Imaging;

/// <summary>
/// Image files to and from <see cref="RgbImage"/>. PNG and the decoding of JPEG are our own (exact, strict, the same everywhere); WebP,
/// BMP, GIF and the encoding of JPEG come from the library that the build chose (<c>ImageCodec.ImageSharp.cs</c> or
/// <c>ImageCodec.Skia.cs</c>). Decoding applies the EXIF orientation of JPEG, PNG and WebP, drops alpha without blending (hidden colors
/// stay, as Pillow's
/// <c>convert("RGB")</c>), and ignores gamma and color profiles.
/// </summary>
public static partial class ImageCodec
{
    /// <summary>Images of more pixels are refused by their header.</summary>
    public const long MaximumPixels = 64L << 20;

    /// <summary>The kind of image a file holds, by its first bytes.</summary>
    /// <returns>The usual extension without the dot (<c>png</c>, <c>jpg</c>, <c>webp</c>, <c>bmp</c>, <c>gif</c>), or null.</returns>
    public static string? KindOf(ReadOnlySpan<byte> data)
    {
        if (PngReader.HasSignature(data)) return "png";
        if (data.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return "jpg";
        if (data.Length >= 12 && data.StartsWith("RIFF"u8) && data.Slice(8, 4).SequenceEqual("WEBP"u8)) return "webp";
        if (data.StartsWith("GIF8"u8)) return "gif";
        return data.Length > 26 && data.StartsWith("BM"u8) ? "bmp" : null;
    }

    /// <summary>Decodes an image.</summary>
    /// <param name="data">The bytes of the file.</param>
    /// <param name="origin">What an error message calls the file, usually its path.</param>
    /// <exception cref="FreeMaskException">The bytes are empty, no image, damaged, truncated, or more than <see cref="MaximumPixels"/>
    /// pixels.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> data, string origin = "The image") =>
        Orientation.Upright(DecodeStored(data, origin), ExifOrientation.Of(data));

    /// <summary>Decodes an image without turning it: its pixels as the file has them.</summary>
    private static RgbImage DecodeStored(ReadOnlySpan<byte> data, string origin)
    {
        if (data.IsEmpty) throw new FreeMaskException($"{origin} is empty.");
        return KindOf(data) switch
        {
            null => throw new FreeMaskException($"{origin} is not an image; PNG, JPEG, WebP, BMP and GIF can be read."),
            "png" => PngReader.Read(data, origin, MaximumPixels).ToRgb(),
            "jpg" => JpegDecoder.Read(data, origin, MaximumPixels),
            var kind when ImageStructure.SizeOf(data, kind) is { } size => DecodeChecked(data, origin, kind, size),
            var kind => throw Damaged(origin, kind),
        };
    }

    /// <summary>Decodes a file whose structure is whole; the library may still find its coded data damaged.</summary>
    private static RgbImage DecodeChecked(ReadOnlySpan<byte> data, string origin, string kind, (int Width, int Height) size)
    {
        ImageLimits.Require(size.Width, size.Height, MaximumPixels, origin);
        return DecodeWithLibrary(data, origin, kind);
    }

    /// <summary>Decodes a PNG to its raw samples (16 bits, indices and alpha kept).</summary>
    /// <exception cref="FreeMaskException">The bytes are no valid PNG or have more than <see cref="MaximumPixels"/> pixels.</exception>
    internal static PngImage DecodePng(ReadOnlySpan<byte> data, string origin = "The image") => PngReader.Read(data, origin, MaximumPixels);

    /// <summary>Reads and decodes an image file.</summary>
    /// <exception cref="FreeMaskException">The file is missing, empty, no image, damaged, truncated, or too large.</exception>
    public static RgbImage Load(string path) => Decode(ReadFile(path), path);

    /// <summary>Reads an image file as it is stored, with its EXIF orientation.</summary>
    internal static (RgbImage Stored, int Orientation) LoadStored(string path)
    {
        var data = ReadFile(path);
        return (DecodeStored(data, path), ExifOrientation.Of(data));
    }

    /// <summary>Encodes as PNG, without loss.</summary>
    public static byte[] EncodePng(RgbImage image, CompressionLevel level = CompressionLevel.Fastest)
    {
        ArgumentNullException.ThrowIfNull(image);
        return PngWriter.Rgb(image, level);
    }

    /// <summary>Encodes as baseline JPEG without chroma subsampling (edges of objects keep their color).</summary>
    /// <param name="image">The image.</param>
    /// <param name="quality">1 to 100.</param>
    /// <exception cref="ArgumentOutOfRangeException">The quality is out of range.</exception>
    public static byte[] EncodeJpeg(RgbImage image, int quality = 95)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        return EncodeJpegWithLibrary(image, quality);
    }

    internal static byte[] ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static FreeMaskException Damaged(string origin, string kind, Exception? inner = null) =>
        new($"{origin} is damaged or truncated; it cannot be read as {kind.ToUpperInvariant()}.", inner!);
}
