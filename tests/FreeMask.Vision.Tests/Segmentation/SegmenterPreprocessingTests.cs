using FreeMask.Imaging;
using FreeMask.Vision.Segmentation;
using Xunit;

namespace FreeMask.Vision.Tests.Segmentation;

public sealed class SegmenterPreprocessingTests
{
    [Theory]
    [InlineData(640, 480, 352, 256)]
    [InlineData(480, 640, 256, 352)]
    [InlineData(2000, 300, 512, 96)]
    [InlineData(256, 256, 256, 256)]
    public void The_shorter_side_gets_its_length_and_the_longer_one_its_limit(int width, int height, int newWidth, int newHeight) =>
        Assert.Equal((newWidth, newHeight), new SegmenterPreprocessing { ShortestEdge = 256, LongestEdge = 512 }.SizeOf(width, height));

    [Fact]
    public void A_fixed_size_wins_and_none_leaves_the_picture_as_it_is()
    {
        Assert.Equal((96, 64), new SegmenterPreprocessing { FixedSize = (90, 64), Divisor = 32 }.SizeOf(500, 500));
        Assert.Equal((501, 77), new SegmenterPreprocessing { Resizes = false }.SizeOf(501, 77));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("freemask-preprocessing").FullName, "preprocessor_config.json");
        var written = new SegmenterPreprocessing { ShortestEdge = 128, LongestEdge = 512, Labels = 21 };
        File.WriteAllText(path, written.ToJson());
        var read = SegmenterPreprocessing.Load(path);
        Assert.Equal(written.Normalization.Mean, read.Normalization.Mean);
        Assert.Equal(written with { Normalization = read.Normalization }, read);
        File.WriteAllText(path, written.ToJson().Replace("\"resample\": 2", "\"resample\": 3", StringComparison.Ordinal));
        Assert.Contains(
            "resample",
            Assert.Throws<FreeMaskException>(() => SegmenterPreprocessing.Load(path)).Message,
            StringComparison.Ordinal
        );
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void A_flat_picture_stays_flat_at_any_size()
    {
        var image = new RgbImage(37, 23);
        Array.Fill(image.Pixels, (byte)200);
        var prepared = new SegmenterPreprocessing { FixedSize = (64, 96) }.Prepare(image);
        Assert.Equal((64, 96, 3 * 64 * 96), (prepared.Width, prepared.Height, prepared.Pixels.Length));
        for (var channel = 0; channel < 3; channel++)
            Assert.All(
                prepared.Pixels.Skip(channel * 64 * 96).Take(64 * 96),
                v => Assert.Equal(ImageNormalization.ImageNet.Apply(200, channel), v)
            );
    }
}
