using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using Xunit;

namespace FreeMask.Vision.Tests.Datasets;

public sealed class VocFolderTests
{
    [Fact]
    public void The_format_fixture_is_read_with_its_pixel_counts()
    {
        var dataset = VocFolder.Open(Fixtures.Path("formats", "dataset", "voc"), "trainval");
        var expected = Golden.Json("formats", "dataset", "expectations.json").GetProperty("voc");
        string[] names = ["background", "person", "car", "bicycle", "vegetation"];
        foreach (var sample in dataset.LoadAll())
        {
            var entry = expected.GetProperty("per_image").GetProperty(sample.Id);
            Assert.Equal(
                (entry.GetProperty("width").GetInt32(), entry.GetProperty("height").GetInt32()),
                (sample.Image.Width, sample.Image.Height)
            );
            foreach (var pixels in entry.GetProperty("pixels").EnumerateObject())
                Assert.Equal(pixels.Value.GetInt32(), sample.Labels.Labels.Count(v => v == Array.IndexOf(names, pixels.Name)));
        }
    }

    [Fact]
    public void Real_photos_in_a_plain_folder_are_read()
    {
        var dataset = VocFolder.Open(Fixtures.Data("coco-voc"));
        Assert.Equal(123, dataset.Entries.Count);
        var sample = dataset.Load(dataset.Entries[5]);
        Assert.All(sample.Labels.Labels, v => Assert.True(v is <= 20 or 255));
    }

    [Fact]
    public void Png_pictures_grey_masks_and_no_lists_are_fine()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", new RgbImage(4, 3), new LabelMap(4, 3));
        var dataset = VocFolder.Open(folder.Path);
        var sample = dataset.Load(Assert.Single(dataset.Entries));
        Assert.Equal(("a", 4), (sample.Id, sample.Labels.Width));
    }

    [Fact]
    public void Wrong_input_is_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(
            "JPEGImages",
            Assert.Throws<FreeMaskException>(() => VocFolder.Open(folder.Path)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "does not exist",
            Assert.Throws<FreeMaskException>(() => VocFolder.Open(folder["none"])).Message,
            StringComparison.Ordinal
        );
        Write(folder, "a", new RgbImage(4, 3), new LabelMap(4, 4));
        var dataset = VocFolder.Open(folder.Path);
        Assert.Contains(
            "4 x 4",
            Assert.Throws<FreeMaskException>(() => dataset.Load(dataset.Entries[0])).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "'val'",
            Assert.Throws<FreeMaskException>(() => VocFolder.Open(folder.Path, "val")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Classes_of_a_label_map_are_matched_with_VOCs_by_name()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", new RgbImage(2, 2), new LabelMap(2, 2, [0, 1, 2, 255]));
        File.WriteAllText(folder["labelmap.txt"], "background:0,0,0::\ncat:64,0,0::\nTV monitor:1,1,1::\n");
        var own = VocFolder.Open(folder.Path);
        Assert.Equal(["background", "cat", "TV monitor"], own.Labels);
        Assert.Equal<byte>([0, 1, 2, 255], own.Load(own.Entries[0]).Labels.Labels);
        var voc = VocFolder.OpenAsVoc(folder.Path);
        Assert.Equal(VocClasses.Names, voc.Labels);
        Assert.Equal<byte>([0, 8, 20, 255], voc.Load(voc.Entries[0]).Labels.Labels);
        Assert.Equal<byte>([0, 8, 20, 255], voc.LoadMask(voc.Entries[0]).Labels);

        File.AppendAllText(folder["labelmap.txt"], "zebra:3,2,1::\n");
        var message = Assert.Throws<FreeMaskException>(() => VocFolder.OpenAsVoc(folder.Path)).Message;
        Assert.Contains("zebra", message, StringComparison.Ordinal);
        Assert.DoesNotContain("cat,", message.Split('.')[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_above_the_classes_is_named_with_its_file()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", new RgbImage(2, 1), new LabelMap(2, 1, [0, 21]));
        var dataset = VocFolder.Open(folder.Path);
        foreach (var read in new Action[] { () => dataset.Load(dataset.Entries[0]), () => dataset.LoadMask(dataset.Entries[0]) })
            Assert.Contains(
                folder["SegmentationClass", "a.png"] + " has the label 21",
                Assert.Throws<FreeMaskException>(read).Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void Other_endings_and_folders_of_their_own_are_found()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", new RgbImage(2, 2), new LabelMap(2, 2));
        Write(folder, "sub/b", new RgbImage(2, 2), new LabelMap(2, 2));
        Write(folder, "c", new RgbImage(2, 2), new LabelMap(2, 2));
        Write(folder, "d", new RgbImage(2, 2), new LabelMap(2, 2));
        File.Move(folder["SegmentationClass", "a.png"], folder["SegmentationClass", "a.PNG"]);
        File.Move(folder["JPEGImages", "a.png"], folder["JPEGImages", "a.webp"]);
        File.Move(folder["JPEGImages", "c.png"], folder["JPEGImages", "c.BMP"]);
        File.Delete(folder["SegmentationClass", "d.png"]);
        var dataset = VocFolder.Open(folder.Path);
        Assert.Equal(["a", "c", "sub/b"], dataset.Entries.Select(e => e.Id));
        Assert.Equal(1, dataset.WithoutMask);
        Assert.Equal(3, dataset.LoadAll().Count());
        Assert.Contains("1 image", Assert.Single(LabeledDataset.Open(folder.Path).Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void An_object_mask_is_not_read()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", new RgbImage(2, 2), new LabelMap(2, 2));
        Directory.CreateDirectory(folder["SegmentationObject"]);
        foreach (
            var odd in new[]
            {
                ImageCodec.EncodePng(new RgbImage(2, 2)),
                IndexedPng.EncodeIds(2, 2, [0, 1000, 1, 2]),
                IndexedPng.EncodeGrey(new LabelMap(9, 9)),
                [1, 2],
            }
        )
        {
            File.WriteAllBytes(folder["SegmentationObject", "a.png"], odd);
            Assert.Single(VocFolder.Open(folder.Path).LoadAll());
            LabeledDataset.Open(folder.Path).Load(0);
        }
    }

    [Fact]
    public void An_empty_list_is_no_part()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", new RgbImage(2, 2), new LabelMap(2, 2));
        Directory.CreateDirectory(folder["ImageSets", "Segmentation"]);
        File.WriteAllText(folder["ImageSets", "Segmentation", "train.txt"], "a\n");
        File.WriteAllText(folder["ImageSets", "Segmentation", "val.txt"], "\n");
        Assert.Equal(["train"], VocFolder.Lists(folder.Path));
        Assert.False(LabeledDataset.HasPart(folder.Path, null, "val"));
        Assert.Contains(
            "'val'",
            Assert.Throws<FreeMaskException>(() => VocFolder.Open(folder.Path, "val")).Message,
            StringComparison.Ordinal
        );
    }

    private static void Write(TemporaryFolder folder, string id, RgbImage image, LabelMap labels)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder["JPEGImages", id])!);
        Directory.CreateDirectory(Path.GetDirectoryName(folder["SegmentationClass", id])!);
        File.WriteAllBytes(folder["JPEGImages", id + ".png"], ImageCodec.EncodePng(image));
        File.WriteAllBytes(folder["SegmentationClass", id + ".png"], IndexedPng.EncodeGrey(labels));
    }
}
