using FreeMask.Vision.Export;
using FreeMask.Vision.Imaging;
using Xunit;

namespace FreeMask.Vision.Tests.Export;

public sealed class VocDatasetTests
{
    [Fact]
    public void The_format_fixture_is_read_with_its_pixel_counts()
    {
        var dataset = VocDataset.Open(Fixtures.Path("formats", "dataset", "voc"), "trainval");
        var expected = Golden.Json("formats", "dataset", "expectations.json").GetProperty("voc");
        string[] names = ["background", "person", "car", "bicycle", "vegetation"];
        foreach (var sample in dataset.LoadAll())
        {
            var entry = expected.GetProperty("per_image").GetProperty(sample.Id);
            Assert.Equal((entry.GetProperty("width").GetInt32(), entry.GetProperty("height").GetInt32()), (sample.Image.Width, sample.Image.Height));
            foreach (var pixels in entry.GetProperty("pixels").EnumerateObject())
                Assert.Equal(pixels.Value.GetInt32(), sample.Labels.Labels.Count(v => v == Array.IndexOf(names, pixels.Name)));
            Assert.NotNull(sample.Objects);
        }
    }

    [Fact]
    public void Real_photos_in_a_plain_folder_are_read()
    {
        var dataset = VocDataset.Open(Fixtures.Data("coco-voc"));
        Assert.Equal(123, dataset.Entries.Count);
        var sample = VocDataset.Load(dataset.Entries[5]);
        Assert.All(sample.Labels.Labels, v => Assert.True(v is <= 20 or 255));
    }

    [Fact]
    public void Png_pictures_grey_masks_and_no_lists_are_fine()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", new RgbImage(4, 3), new LabelMap(4, 3));
        var sample = VocDataset.Load(Assert.Single(VocDataset.Open(folder.Path).Entries));
        Assert.Equal(("a", 4), (sample.Id, sample.Labels.Width));
        Assert.Null(sample.Objects);
    }

    [Fact]
    public void Wrong_input_is_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("JPEGImages", Assert.Throws<FreeMaskException>(() => VocDataset.Open(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<FreeMaskException>(() => VocDataset.Open(folder["none"])).Message, StringComparison.Ordinal);
        Write(folder, "a", new RgbImage(4, 3), new LabelMap(4, 4));
        var dataset = VocDataset.Open(folder.Path);
        Assert.Contains("4 x 4", Assert.Throws<FreeMaskException>(() => VocDataset.Load(dataset.Entries[0])).Message, StringComparison.Ordinal);
        Assert.Contains("'val'", Assert.Throws<FreeMaskException>(() => VocDataset.Open(folder.Path, "val")).Message, StringComparison.Ordinal);
    }

    private static void Write(TemporaryFolder folder, string id, RgbImage image, LabelMap labels)
    {
        Directory.CreateDirectory(folder["JPEGImages"]);
        Directory.CreateDirectory(folder["SegmentationClass"]);
        File.WriteAllBytes(folder["JPEGImages", id + ".png"], ImageCodec.EncodePng(image));
        File.WriteAllBytes(folder["SegmentationClass", id + ".png"], IndexedPng.EncodeGrey(labels));
    }
}
