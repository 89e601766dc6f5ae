using FreeMask.Imaging;
using Xunit;

namespace FreeMask.Vision.Tests.Imaging;

/// <summary>JPEGs of four components: of one block, made here byte by byte, and a golden file.</summary>
public sealed class JpegDecoderTests
{
    [Theory]
    [InlineData(0, 0, 0, 0, 255, 255, 255)]
    [InlineData(0, 0, 0, 80, 175, 175, 175)]
    [InlineData(200, 100, 0, 80, 38, 106, 175)]
    [InlineData(255, 0, 128, 0, 0, 255, 127)]
    [InlineData(10, 20, 30, 255, 0, 0, 0)]
    public void Inks_are_stored_inverted_with_or_without_Adobes_marker(int c, int m, int y, int k, int red, int green, int blue)
    {
        foreach (var adobe in new[] { true, false })
        {
            var image = ImageCodec.Decode(Make([255 - c, 255 - m, 255 - y, 255 - k], adobe), "inks.jpg");
            Assert.Equal((8, 8), (image.Width, image.Height));
            // (255 - C) (255 - K) / 255, as Pillow converts.
            for (var i = 0; i < 64; i++)
                Assert.Equal((red, green, blue), (image.Pixels[3 * i], image.Pixels[(3 * i) + 1], image.Pixels[(3 * i) + 2]));
        }
    }

    [Fact]
    public void A_golden_file_is_the_same_without_its_Adobe_marker()
    {
        var data = File.ReadAllBytes(Fixtures.Path("golden", "images", "files", "cmyk.jpg"));
        var at = data.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xEE]);
        byte[] without = [.. data[..at], .. data[(at + 2 + data[at + 3])..]];
        Assert.Equal(ImageCodec.Decode(data).Pixels, ImageCodec.Decode(without).Pixels);
    }

    /// <summary>One block of four plain components. Quantization is 8, so that the mean's coefficient is the sample minus 128.</summary>
    private static byte[] Make(int[] samples, bool adobe)
    {
        // The mean: twelve categories of four bits each. The rest: one code of one bit, "end of block".
        byte[] Segment(byte marker, params byte[] body) => [0xFF, marker, (byte)((body.Length + 2) >> 8), (byte)(body.Length + 2), .. body];
        var bits = new List<bool>();
        void Put(int value, int count)
        {
            for (var bit = count - 1; bit >= 0; bit--) bits.Add(((value >> bit) & 1) != 0);
        }

        foreach (var sample in samples)
        {
            var mean = sample - 128;
            var category = 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)Math.Abs(mean));
            Put(category, 4);
            Put(mean < 0 ? mean + (1 << category) - 1 : mean, category);
            Put(0, 1);
        }

        while (bits.Count % 8 != 0) bits.Add(true);
        var coded = bits.Chunk(8)
            .Select(b => (byte)b.Aggregate(0, (sum, bit) => (2 * sum) + (bit ? 1 : 0)))
            .SelectMany(b => b == 0xFF ? new byte[] { 0xFF, 0 } : [b]);
        return
        [
            0xFF, 0xD8,
            .. adobe ? Segment(0xEE, [.. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0]) : [],
            .. Segment(0xDB, [0, .. Enumerable.Repeat((byte)8, 64)]),
            .. Segment(0xC0, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0),
            .. Segment(0xC4, [0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. Enumerable.Range(0, 12).Select(i => (byte)i)]),
            .. Segment(0xC4, [0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            .. Segment(0xDA, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0),
            .. coded,
            0xFF, 0xD9,
        ];
    }
}
