using System.Runtime.InteropServices;
using SkiaSharp;

namespace FreeMask.Imaging;

public static partial class ImageCodec
{
    private static RgbImage DecodeWithLibrary(ReadOnlySpan<byte> data, string origin, string kind)
    {
        using var encoded = SKData.CreateCopy(data);
        using var codec = SKCodec.Create(encoded) ?? throw Damaged(origin, kind);
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (width <= 0 || height <= 0) throw Damaged(origin, kind);
        ImageLimits.Require(width, height, MaximumPixels, origin);
        var alpha = codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul;
        var rgba = new byte[checked(4 * width * height)];
        var pinned = GCHandle.Alloc(rgba, GCHandleType.Pinned);
        try
        {
            // No color space in the target: profiles are not applied.
            var result = codec.GetPixels(new SKImageInfo(width, height, SKColorType.Rgba8888, alpha), pinned.AddrOfPinnedObject());
            if (result != SKCodecResult.Success) throw Damaged(origin, kind);
        }
        finally
        {
            pinned.Free();
        }

        var image = new RgbImage(width, height);
        for (int i = 0, from = 0; i < image.Pixels.Length; i += 3, from += 4) rgba.AsSpan(from, 3).CopyTo(image.Pixels.AsSpan(i));
        return image;
    }

    private static byte[] EncodeJpegWithLibrary(RgbImage image, int quality)
    {
        var rgbx = new byte[checked(4 * image.Width * image.Height)];
        for (int i = 0, to = 0; i < image.Pixels.Length; i += 3, to += 4)
        {
            image.Pixels.AsSpan(i, 3).CopyTo(rgbx.AsSpan(to));
            rgbx[to + 3] = 255;
        }

        var pinned = GCHandle.Alloc(rgbx, GCHandleType.Pinned);
        try
        {
            using var pixmap = new SKPixmap(
                new SKImageInfo(image.Width, image.Height, SKColorType.Rgb888x, SKAlphaType.Opaque),
                pinned.AddrOfPinnedObject()
            );
            using var encoded =
                pixmap.Encode(new SKJpegEncoderOptions(quality, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore))
                ?? throw new InvalidOperationException($"A {image.Width} x {image.Height} image could not be encoded as JPEG.");
            return encoded.ToArray();
        }
        finally
        {
            pinned.Free();
        }
    }
}
