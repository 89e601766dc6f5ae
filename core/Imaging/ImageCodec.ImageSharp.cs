using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;

namespace FreeMask.Imaging;

public static partial class ImageCodec
{
    // Only the formats that are read: flaws of the library's other decoders are out of reach.
    private static readonly Configuration Decoders = new(
        new WebpConfigurationModule(),
        new BmpConfigurationModule(),
        new GifConfigurationModule()
    );

    private static RgbImage DecodeWithLibrary(ReadOnlySpan<byte> data, string origin, string kind)
    {
        try
        {
            using var picture = Image.Load<Rgba32>(Decoders, data, Decoder(kind));
            var rgba = new Rgba32[picture.Width * picture.Height];
            picture.CopyPixelDataTo(rgba);
            var image = new RgbImage(picture.Width, picture.Height);
            for (var i = 0; i < rgba.Length; i++)
                (image.Pixels[3 * i], image.Pixels[(3 * i) + 1], image.Pixels[(3 * i) + 2]) = (rgba[i].R, rgba[i].G, rgba[i].B);
            return image;
        }
        catch (Exception e) when (e is not FreeMaskException)
        {
            // Damaged files make the library throw exceptions of many types, such as IndexOutOfRange and NullReference.
            throw Damaged(origin, kind, e);
        }
    }

    private static SixLabors.ImageSharp.Formats.IImageDecoder Decoder(string kind) => kind switch
    {
        "webp" => new WebpDecoder(),
        "bmp" => new BmpDecoder(),
        _ => new GifDecoder { DecodingMode = FrameDecodingMode.First },
    };

    private static byte[] EncodeJpegWithLibrary(RgbImage image, int quality)
    {
        using var picture = Image.LoadPixelData<Rgb24>(image.Pixels, image.Width, image.Height);
        using var output = new MemoryStream();
        picture.SaveAsJpeg(output, new JpegEncoder { Quality = quality, ColorType = JpegColorType.YCbCrRatio444 });
        return output.ToArray();
    }
}
