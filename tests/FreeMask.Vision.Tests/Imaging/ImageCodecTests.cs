using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Tensors;
using Xunit;

namespace FreeMask.Vision.Tests.Imaging;

public sealed class ImageCodecTests
{
    [Fact]
    public void Every_good_golden_file_decodes_to_its_pixels()
    {
        var tensors = Golden.Tensors("golden", "images", "files.safetensors");
        foreach (var entry in Golden.Json("golden", "images", "files.json").GetProperty("files").EnumerateArray())
        {
            var file = entry.GetProperty("file").GetString()!;
            if (!entry.GetProperty("decodes").GetBoolean()) continue;
            var data = File.ReadAllBytes(Fixtures.Path("golden", "images", "files", file));
            var expected = tensors[entry.GetProperty("tensor").GetString()!];
            // JPEG samples are libjpeg's to the last bit, as those of the reference (Pillow).
            var tolerance = file.EndsWith(".jpg", StringComparison.Ordinal) ? 0 : entry.GetProperty("tolerance").GetInt32();
            var image = ImageCodec.Decode(data, file);
            Assert.True((image.Height, image.Width) == (expected.Shape[0], expected.Shape[1]), file);
            if (ImageCodec.KindOf(data) == "png")
                AssertSamples(ImageCodec.DecodePng(data, file), expected, file);
            else
                Assert.True(
                    WorstDifference(expected.Bytes.Span, image.Pixels) <= tolerance,
                    $"{file}: {WorstDifference(expected.Bytes.Span, image.Pixels)} levels"
                );
        }
    }

    [Fact]
    public void Every_bad_golden_file_is_refused_by_name_and_with_little_memory()
    {
        foreach (var entry in Golden.Json("golden", "images", "files.json").GetProperty("files").EnumerateArray())
        {
            var file = entry.GetProperty("file").GetString()!;
            if (entry.GetProperty("decodes").GetBoolean() || file == "no_end.png") continue;
            var data = File.ReadAllBytes(Fixtures.Path("golden", "images", "files", file));
            var before = GC.GetAllocatedBytesForCurrentThread();
            var error = Assert.Throws<FreeMaskException>(() => ImageCodec.Decode(data, file));
            Assert.True(
                GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000,
                $"{file} cost {GC.GetAllocatedBytesForCurrentThread() - before} bytes"
            );
            Assert.Contains(file, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_bad_golden_file_is_refused_for_its_own_reason()
    {
        foreach (
            var (file, reason) in new[]
            {
                ("truncated.png", "truncated"),
                ("truncated_header.png", "truncated"),
                ("truncated.jpg", "truncated"),
                ("truncated_header.jpg", "truncated"),
                ("empty.png", "is empty"),
                ("empty.jpg", "is empty"),
                ("text.png", "is not an image"),
                ("html.jpg", "is not an image"),
                ("bad_crc.png", "checksum"),
                ("zero_size.png", "claims 0 x 0"),
                ("bomb_header.png", "are refused"),
                ("bomb_idat.png", "are refused"),
            }
        )
        {
            var data = File.ReadAllBytes(Fixtures.Path("golden", "images", "files", file));
            Assert.Contains(
                reason,
                Assert.Throws<FreeMaskException>(() => ImageCodec.Decode(data, file)).Message,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void A_cmyk_jpeg_is_refused_wherever_it_is_cut()
    {
        var data = File.ReadAllBytes(Fixtures.Path("golden", "images", "files", "cmyk.jpg"));
        for (var length = 30; length < data.Length - 2; length += 41)
            Assert.Throws<FreeMaskException>(() => ImageCodec.Decode(data.AsSpan(0, length), "cut.jpg"));
    }

    [Fact]
    public void A_progressive_jpeg_is_refused_wherever_it_is_cut()
    {
        var data = File.ReadAllBytes(Fixtures.Path("golden", "images", "files", "progressive.jpg"));
        for (var length = 30; length < data.Length - 2; length += 41)
            Assert.Contains(
                "cut.jpg",
                Assert.Throws<FreeMaskException>(() => ImageCodec.Decode(data.AsSpan(0, length), "cut.jpg")).Message,
                StringComparison.Ordinal
            );
        // What follows the image does no harm.
        Assert.Equal(ImageCodec.Decode(data).Pixels, ImageCodec.Decode([.. data, 0, 1, 2]).Pixels);
    }

    [Fact]
    public void A_png_without_its_end_marker_is_read()
    {
        var data = File.ReadAllBytes(Fixtures.Path("golden", "images", "files", "rgb.png"));
        Assert.Equal(ImageCodec.Decode(data).Pixels, ImageCodec.Decode(data.AsSpan(0, data.Length - 12)).Pixels);
        _ = ImageCodec.Load(Fixtures.Path("golden", "images", "files", "no_end.png"));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 3)]
    [InlineData(64, 40)]
    public void Png_is_exact(int width, int height)
    {
        var image = Noise(width, height);
        Assert.Equal(image.Pixels, ImageCodec.Decode(ImageCodec.EncodePng(image)).Pixels);
    }

    [Fact]
    public void Jpeg_comes_back_nearly()
    {
        var image = Resampling.Resize(Noise(8, 8), 64, 64, ResamplingFilter.Bilinear);
        var back = ImageCodec.Decode(ImageCodec.EncodeJpeg(image));
        Assert.True(WorstDifference(image.Pixels, back.Pixels) <= 8);
        Assert.Equal("jpg", ImageCodec.KindOf(ImageCodec.EncodeJpeg(image)));
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains(
            "no/such.png",
            Assert.Throws<FreeMaskException>(() => ImageCodec.Load("no/such.png")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Every_truncation_of_a_png_is_refused()
    {
        var data = ImageCodec.EncodePng(Noise(9, 7));
        for (var length = 0; length < data.Length - 12; length += 7)
            Assert.Throws<FreeMaskException>(() => ImageCodec.Decode(data.AsSpan(0, length)));
    }

    internal static RgbImage Noise(int width, int height)
    {
        var random = new CounterRandom(1, "noise");
        var image = new RgbImage(width, height);
        for (var i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)random.NextInt(256);
        return image;
    }

    private static void AssertSamples(PngImage png, NamedTensor expected, string file)
    {
        Assert.True(png.Channels == (expected.Shape.Count == 3 ? expected.Shape[2] : 1), file);
        var wide = expected.DataType == "U16";
        for (var i = 0; i < png.Samples.Length; i++)
        {
            var value = wide ? BitConverter.ToUInt16(expected.Bytes.Span[(2 * i)..]) : expected.Bytes.Span[i];
            if (png.Samples[i] != value) Assert.Fail($"{file}: sample {i} is {png.Samples[i]}, expected {value}");
        }
    }

    private static int WorstDifference(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length) return int.MaxValue;
        var worst = 0;
        for (var i = 0; i < a.Length; i++) worst = Math.Max(worst, Math.Abs(a[i] - b[i]));
        return worst;
    }
}
