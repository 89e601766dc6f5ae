using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.PixelFormats;

namespace FreeMask.Imaging;

public static partial class ImageCodec
{
    private static RgbImage DecodeWithLibrary(ReadOnlySpan<byte> data, string origin, string kind)
    {
        try
        {
            var size = Image.Identify(data);
            ImageLimits.Require(size.Width, size.Height, MaximumPixels, origin);
            using var picture = Image.Load<Rgba32>(new DecoderOptions { MaxFrames = 1 }, data);
            var rgba = new Rgba32[picture.Width * picture.Height];
            picture.CopyPixelDataTo(rgba);
            var image = new RgbImage(picture.Width, picture.Height);
            for (var i = 0; i < rgba.Length; i++)
                (image.Pixels[3 * i], image.Pixels[(3 * i) + 1], image.Pixels[(3 * i) + 2]) = (rgba[i].R, rgba[i].G, rgba[i].B);
            return image;
        }
        catch (ImageFormatException e)
        {
            throw Damaged(origin, kind, e);
        }
    }

    private static byte[] EncodeJpegWithLibrary(RgbImage image, int quality)
    {
        using var picture = Image.LoadPixelData<Rgb24>(image.Pixels, image.Width, image.Height);
        using var output = new MemoryStream();
        picture.SaveAsJpeg(output, new JpegEncoder { Quality = quality, ColorType = JpegEncodingColor.YCbCrRatio444 });
        return output.ToArray();
    }
}
