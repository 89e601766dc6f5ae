using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using Xunit;

namespace FreeMask.Vision.Tests.Imaging;

public sealed class ClassMaskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, new byte[] { 0, 1, 1, 0 })]
    [InlineData(2, new byte[] { 0, 1, 2, 3 })]
    [InlineData(4, new byte[] { 0, 8, 15, 3 })]
    [InlineData(8, new byte[] { 0, 8, 15, 255 })]
    public void Grey_of_few_bits_holds_labels_as_they_are(int bits, byte[] labels)
    {
        var file = TestPng.Make(2, 2, bits, PngColorType.Grey, labels);
        Assert.Equal(labels, Read(file).Labels);
        Assert.Equal(labels, IndexedPng.Decode(file, "grey").Labels);
    }

    [Fact]
    public void A_palette_that_a_tool_put_in_another_order_means_the_same_classes()
    {
        // Cat, background, void, person: stored as 0, 1, 2, 3.
        byte[] wanted = [8, 0, 255, 15], palette = [.. wanted.SelectMany(Color)];
        Assert.Equal(wanted, Read(TestPng.Make(2, 2, 2, PngColorType.Indexed, [0, 1, 2, 3], palette)).Labels);
        Assert.Equal(wanted, Read(ImageCodec.EncodePng(new RgbImage(2, 2, palette))).Labels);
        Assert.Equal(wanted, Read(IndexedPng.Encode(new LabelMap(2, 2, wanted))).Labels);
    }

    [Fact]
    public void A_grey_mask_that_a_tool_gave_a_palette_keeps_its_levels()
    {
        byte[] wanted = [8, 0, 255, 15], palette = [.. wanted.SelectMany(level => new[] { level, level, level })];
        Assert.Equal(wanted, Read(TestPng.Make(2, 2, 8, PngColorType.Indexed, [0, 1, 2, 3], palette)).Labels);
        Assert.Equal(wanted, Read(ImageCodec.EncodePng(new RgbImage(2, 2, palette))).Labels);
    }

    [Fact]
    public void Colors_of_a_label_map_are_classes_by_its_order()
    {
        File.WriteAllText(
            _folder["labelmap.txt"],
            "# label:color\nbackground:0,0,0::\nzebra:10,20,30::\ncat:64,0,0::\nignore:224,224,192::\n"
        );
        byte[] palette = [64, 0, 0, 0, 0, 0, 224, 224, 192, 10, 20, 30];
        Assert.Equal<byte>([2, 0, 255, 1], Read(TestPng.Make(2, 2, 8, PngColorType.Indexed, [0, 1, 2, 3], palette)).Labels);
        Assert.Equal<byte>([2, 0, 255, 1], Read(ImageCodec.EncodePng(new RgbImage(2, 2, palette))).Labels);
        Assert.Equal<byte>([2, 0, 255, 1], Read(TestPng.Make(2, 2, 8, PngColorType.Grey, [2, 0, 255, 1])).Labels);
        Assert.Equal(["background", "zebra", "cat"], VocLabelMap.Read(_folder.Path).Names);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "(1, 2, 3)")]
    [InlineData(new byte[] { 21, 21, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "label 21")]
    [InlineData(new byte[] { 0, 192, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "label 22")]
    public void What_is_no_class_is_refused_with_the_file(byte[] colors, string named)
    {
        foreach (
            var file in new[]
            {
                ImageCodec.EncodePng(new RgbImage(2, 2, colors)),
                TestPng.Make(2, 2, 8, PngColorType.Indexed, [0, 1, 2, 3], colors),
            }
        )
        {
            var message = Assert.Throws<FreeMaskException>(() => Read(file)).Message;
            Assert.Contains(named, message, StringComparison.Ordinal);
            Assert.Contains("mask.png", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("background:0,0,0::\ncat:0,0,0::\n", "color")]
    [InlineData("cat:64,0,0::\ncat:64,0,1::\n", "twice")]
    [InlineData("cat:64,0::\n", "64,0")]
    [InlineData("# nothing\nignore:1,2,3::\n", "no class")]
    [InlineData(":1,2,3::\n", ":1 has no class name")]
    public void A_wrong_label_map_is_refused_by_name(string text, string named)
    {
        File.WriteAllText(_folder["labelmap.txt"], text);
        var message = Assert.Throws<FreeMaskException>(() => VocLabelMap.Read(_folder.Path)).Message;
        Assert.Contains(named, message, StringComparison.Ordinal);
        Assert.Contains("labelmap.txt", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Background_comes_first_where_no_line_stands_for_it()
    {
        File.WriteAllText(_folder["labelmap.txt"], "cat\ndog\n");
        Assert.Equal(["background", "cat", "dog"], VocLabelMap.Read(_folder.Path).Names);
    }

    private static byte[] Color(byte label)
    {
        var (r, g, b) = VocPalette.Color(label);
        return [r, g, b];
    }

    private LabelMap Read(byte[] file)
    {
        File.WriteAllBytes(_folder["mask.png"], file);
        return ClassMask.Load(_folder["mask.png"], VocLabelMap.Read(_folder.Path).Colors).Stored;
    }
}
