using System.Globalization;
using FreeMask.Imaging;
using FreeMask.Randomness;
using Xunit;

namespace FreeMask.Vision.Tests.Imaging;

/// <summary>Files of every format that are cut or have wrong bytes: refused with one kind of error, without much memory.</summary>
public sealed class DamagedImageTests(ITestOutputHelper output)
{
    private const int Changed = 400;

    // A file of 45 x 31 pixels may take what its pixels need, and a library its tables and buffers.
    private const long MostBytes = 32 << 20;

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(Folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(Fixtures.RepositoryRoot, "tests", "FreeMask.Vision.Tests", "Data", "images");

    [Theory]
    [MemberData(nameof(Files))]
    public void A_whole_file_is_read(string file)
    {
        var image = ImageCodec.Load(Path.Combine(Folder, file));
        Assert.Equal((45, 31), (image.Width, image.Height));
        // The picture's red grows to the right, its green downwards.
        Assert.True(image[44, 15][0] > image[0, 15][0] + 150, file);
        Assert.True(image[20, 30][1] > image[20, 0][1] + 150, file);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_is_refused_wherever_it_is_cut(string file)
    {
        var data = File.ReadAllBytes(Path.Combine(Folder, file));
        for (var length = 0; length < data.Length; length += Math.Max(1, data.Length / 300))
        {
            var error = Assert.Throws<FreeMaskException>(() => ImageCodec.Decode(data.AsSpan(0, length), file));
            Assert.Contains(file, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Wrong_bytes_are_refused_or_give_an_image_within_bounds(string file)
    {
        var seed = ulong.Parse(Environment.GetEnvironmentVariable("FREEMASK_FUZZ_SEED") ?? "1", CultureInfo.InvariantCulture);
        output.WriteLine($"FREEMASK_FUZZ_SEED={seed}");
        var data = File.ReadAllBytes(Path.Combine(Folder, file));
        for (var i = 0; i < Changed; i++)
        {
            var random = new CounterRandom(seed, i, 0, "damage");
            var damaged = (byte[])data.Clone();
            for (var k = 1 + random.NextInt(6); k > 0; k--) damaged[random.NextInt(damaged.Length)] = (byte)random.NextInt(256);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var image = ImageCodec.Decode(damaged, file);
                Assert.InRange((long)image.Width * image.Height, 1, ImageCodec.MaximumPixels);
            }
            catch (FreeMaskException error)
            {
                Assert.Contains(file, error.Message, StringComparison.Ordinal);
            }

            var taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken < MostBytes, $"seed {seed}, change {i} of {file} took {taken} bytes");
        }
    }

    [Fact]
    public void A_bitmap_whose_pixels_begin_beyond_the_file_is_refused_without_memory()
    {
        var data = File.ReadAllBytes(Path.Combine(Folder, "rgb.bmp"));
        BitConverter.TryWriteBytes(data.AsSpan(10), 0x7FFFFFF0);
        AssertRefusedCheaply(data);
    }

    [Theory]
    [InlineData("rgb.bmp", 18, 30_000)]
    [InlineData("rgb.bmp", 22, 30_000)]
    [InlineData("lossy.webp", 4, 0x7FFFFFF0)]
    public void A_size_that_the_file_cannot_hold_is_refused_without_memory(string file, int at, int value)
    {
        var data = File.ReadAllBytes(Path.Combine(Folder, file));
        BitConverter.TryWriteBytes(data.AsSpan(at), value);
        AssertRefusedCheaply(data);
    }

    [Fact]
    public void A_jpeg_of_a_few_bytes_that_claims_a_huge_image_is_refused_without_memory()
    {
        var data = File.ReadAllBytes(Path.Combine(Folder, "chroma_420.jpg"));
        var frame = data.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        (data[frame + 5], data[frame + 6], data[frame + 7], data[frame + 8]) = (0x1F, 0x40, 0x1F, 0x40);
        AssertRefusedCheaply(data);
    }

    [Fact]
    public void A_jpeg_of_another_kind_is_refused_with_what_to_do()
    {
        var data = File.ReadAllBytes(Path.Combine(Folder, "chroma_420.jpg"));
        data[data.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]) + 1] = 0xC9;
        Assert.Contains(
            "save it as baseline JPEG or PNG",
            Assert.Throws<FreeMaskException>(() => ImageCodec.Decode(data, "a.jpg")).Message,
            StringComparison.Ordinal
        );
    }

    private static void AssertRefusedCheaply(byte[] data)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<FreeMaskException>(() => ImageCodec.Decode(data, "false"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }
}
