using FreeMask.Imaging;
using NetVips;
using Xunit;

namespace FreeMask.Training.Tests.Imaging;

/// <summary>CMYK JPEGs as libvips writes and reads them. Here, because only this project has libvips.</summary>
public sealed class JpegDecoderTests
{
    [Theory]
    [InlineData(53, 37, false, 0)]
    [InlineData(53, 37, true, 0)]
    [InlineData(64, 48, false, 3)]
    [InlineData(17, 90, true, 3)]
    public void Sequential_and_progressive_files_decode_as_libvips_decodes_them(int width, int height, bool progressive, int restart)
    {
        var inks = new byte[4 * width * height];
        for (var i = 0; i < inks.Length; i++)
        {
            var (x, y, c) = (i / 4 % width, i / 4 / width, i % 4);
            inks[i] = (byte)(128 + (100 * Math.Sin(x * (c + 1) / 9.0) * Math.Cos(y * (4 - c) / 13.0)));
        }

        using var image = Image
            .NewFromMemory(inks, width, height, 4, Enums.BandFormat.Uchar)
            .Copy(interpretation: Enums.Interpretation.Cmyk);
        var file = image.JpegsaveBuffer(q: 90, interlace: progressive, restartInterval: restart);
        using var back = Image.NewFromBuffer(file);
        var expected = back.WriteToMemory<byte>();
        var decoded = ImageCodec.Decode(file, "cmyk.jpg").Pixels;
        for (var i = 0; i < decoded.Length; i++)
        {
            var (ink, black) = (expected[(4 * (i / 3)) + (i % 3)], expected[(4 * (i / 3)) + 3]);
            Assert.InRange(decoded[i] - ((255 - ink) * (255 - black) / 255.0), -3.5, 3.5);
        }
    }
}
