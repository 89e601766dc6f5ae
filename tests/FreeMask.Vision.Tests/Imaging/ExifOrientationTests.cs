using System.Buffers.Binary;
using System.Text;
using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using Xunit;

namespace FreeMask.Vision.Tests.Imaging;

public sealed class ExifOrientationTests
{
    [Fact]
    public void All_formats_are_turned_alike()
    {
        var image = ImageCodecTests.Noise(5, 3);
        var png = ImageCodec.EncodePng(image);
        for (var orientation = 1; orientation <= 8; orientation++)
        {
            var exif = TestPng.Exif(orientation);
            Assert.Equal(orientation, ExifOrientation.Of(TestPng.WithOrientation(png, orientation)));
            Assert.Equal(
                Orientation.Upright(image, orientation).Pixels,
                ImageCodec.Decode(TestPng.WithOrientation(png, orientation)).Pixels
            );
            byte[] jpeg = ImageCodec.EncodeJpeg(image), body = [.. "Exif\0\0"u8, .. exif];
            Assert.Equal(orientation, ExifOrientation.Of([.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(body.Length + 2), .. body, .. jpeg[2..]]));
            Assert.Equal(orientation, ExifOrientation.Of(WebP(exif)));
            Assert.Equal(orientation, ExifOrientation.Of(WebP(body)));
        }

        Assert.Equal(1, ExifOrientation.Of(png));
        Assert.Equal(1, ExifOrientation.Of(TestPng.WithOrientation(png, 9)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void A_mask_without_orientation_turns_with_its_picture(int orientation)
    {
        using var folder = new TemporaryFolder();
        // Each pixel's red is its label.
        var (image, mask) = (new RgbImage(5, 3), new LabelMap(5, 3));
        for (var i = 0; i < 15; i++) (image.Pixels[3 * i], mask.Labels[i]) = ((byte)i, (byte)i);
        Directory.CreateDirectory(folder["JPEGImages"]);
        Directory.CreateDirectory(folder["SegmentationClass"]);
        File.WriteAllBytes(folder["JPEGImages", "a.png"], TestPng.WithOrientation(ImageCodec.EncodePng(image), orientation));

        // Of the stored pixels, of the turned image (where the size tells), and with an orientation of its own.
        var turned = Orientation.Upright(mask, orientation);
        foreach (
            var file in new[]
            {
                IndexedPng.Encode(mask),
                orientation >= 5 ? IndexedPng.Encode(turned) : IndexedPng.Encode(mask),
                TestPng.WithOrientation(IndexedPng.EncodeGrey(mask), orientation),
            }
        )
        {
            File.WriteAllBytes(folder["SegmentationClass", "a.png"], file);
            var dataset = VocFolder.Open(folder.Path);
            var sample = dataset.Load(dataset.Entries[0]);
            Assert.Equal((orientation >= 5 ? 3 : 5, orientation >= 5 ? 5 : 3), (sample.Image.Width, sample.Image.Height));
            Assert.Equal(turned.Labels, sample.Labels.Labels);
            for (var i = 0; i < 15; i++) Assert.Equal(sample.Image.Pixels[3 * i], sample.Labels.Labels[i]);
        }

        File.WriteAllBytes(folder["SegmentationClass", "a.png"], IndexedPng.Encode(new LabelMap(4, 4)));
        var wrong = VocFolder.Open(folder.Path);
        Assert.Contains(
            $"EXIF orientation is {orientation}",
            Assert.Throws<FreeMaskException>(() => wrong.Load(wrong.Entries[0])).Message,
            StringComparison.Ordinal
        );
    }

    private static byte[] WebP(byte[] exif)
    {
        byte[] Chunk(string name, byte[] body)
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, body.Length);
            return [.. Encoding.ASCII.GetBytes(name), .. length, .. body, .. new byte[body.Length % 2]];
        }

        return
        [
            .. "RIFF"u8,
            0,
            0,
            0,
            0,
            .. "WEBP"u8,
            .. Chunk("VP8X", new byte[10]),
            .. Chunk("VP8L", new byte[7]),
            .. Chunk("EXIF", exif),
        ];
    }
}
