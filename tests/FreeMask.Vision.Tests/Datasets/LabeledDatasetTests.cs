using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using Xunit;

namespace FreeMask.Vision.Tests.Datasets;

public sealed class LabeledDatasetTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freemask-datasets").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Coco_paints_small_objects_over_large_ones_and_crowds_are_unknown()
    {
        WriteImage("train2017/b.png");
        WriteImage("train2017/a.png");
        WriteCoco(
            "instances_train2017.json",
            [
                // Category 7 covers the left half as a polygon, category 3 a corner of it as runs; a crowd lies at the lower right.
                new
                {
                    id = 1,
                    image_id = 5,
                    category_id = 3,
                    iscrowd = 0,
                    area = 4.0,
                    segmentation = (object)new { size = new[] { 8, 8 }, counts = new[] { 0, 2, 6, 2, 54 } },
                },
                new
                {
                    id = 2,
                    image_id = 5,
                    category_id = 7,
                    iscrowd = 0,
                    area = 32.0,
                    segmentation = (object)new[] { new[] { 0.0, 0, 4, 0, 4, 8, 0, 8 } },
                },
                new
                {
                    id = 3,
                    image_id = 5,
                    category_id = 7,
                    iscrowd = 1,
                    area = 4.0,
                    segmentation = (object)new { size = new[] { 8, 8 }, counts = new[] { 54, 2, 6, 2 } },
                },
            ]
        );
        var data = LabeledDataset.Open(_folder);

        Assert.Equal("coco", data.Format);
        Assert.Equal(["background", "cat", "dog"], data.Labels);
        Assert.Equal(["a.png", "b.png"], [data.IdOf(0), data.IdOf(1)]);
        var labels = data.Load(0).Labels;
        Assert.Equal((1, 2, 0, LabelMap.Ignore), (labels[1, 1], labels[2, 5], labels[6, 2], labels[7, 7]));
        Assert.All(data.Load(1).Labels.Labels, label => Assert.Equal(0, label));
        Assert.True(LabeledDataset.HasPart(_folder, null, "train"));
        Assert.False(LabeledDataset.HasPart(_folder, null, "val"));
        Assert.Contains(
            "instances_val.json",
            Assert.Throws<FreeMaskException>(() => LabeledDataset.Open(_folder, null, "val")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Coco_without_its_pictures_says_where_they_were_sought()
    {
        WriteCoco("instances_train.json", []);
        Assert.Contains("a.png", Assert.Throws<FreeMaskException>(() => LabeledDataset.Open(_folder)).Message, StringComparison.Ordinal);
        File.WriteAllText(
            Path.Combine(_folder, "annotations", "instances_train.json"),
            "{\"images\": [{\"id\": 1, \"file_name\": \"a.png\", \"width\": 8}]}"
        );
        Assert.Contains("'height'", Assert.Throws<FreeMaskException>(() => LabeledDataset.Open(_folder)).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_folder, "annotations", "instances_train.json"), "{}");
        Assert.Contains("not COCO", Assert.Throws<FreeMaskException>(() => LabeledDataset.Open(_folder)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("labelTrainIds", 13, 13)]
    [InlineData("labelIds", 26, 13)]
    [InlineData("labelIds", 4, 255)]
    public void Cityscapes_gives_train_ids_whichever_file_there_is(string file, byte stored, byte label)
    {
        WriteImage("leftImg8bit/train/bonn/bonn_000000_000019_leftImg8bit.png");
        Labels($"gtFine/train/bonn/bonn_000000_000019_gtFine_{file}.png", stored);
        var data = LabeledDataset.Open(_folder);
        Assert.Equal(("cityscapes", 19, "car"), (data.Format, data.Labels.Count, data.Labels[13]));
        Assert.Equal("bonn_000000_000019", data.IdOf(0));
        Assert.All(data.Load(0).Labels.Labels, found => Assert.Equal(label, found));
    }

    [Fact]
    public void Cityscapes_without_labels_names_the_picture()
    {
        WriteImage("leftImg8bit/train/bonn/x_leftImg8bit.png");
        Directory.CreateDirectory(Path.Combine(_folder, "gtFine", "train"));
        Assert.Contains(
            "x_leftImg8bit.png",
            Assert.Throws<FreeMaskException>(() => LabeledDataset.Open(_folder)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "'val'",
            Assert.Throws<FreeMaskException>(() => LabeledDataset.Open(_folder, "cityscapes", "val")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Voc_has_its_own_classes_or_those_of_a_label_map()
    {
        foreach (var id in new[] { "a", "b" })
        {
            WriteImage($"JPEGImages/{id}.png");
            Labels($"SegmentationClass/{id}.png", 1);
        }

        Assert.Equal(
            ("voc", 2, "aeroplane"),
            (LabeledDataset.Open(_folder).Format, LabeledDataset.Open(_folder).Count, LabeledDataset.Open(_folder).Labels[1])
        );
        File.WriteAllText(
            Path.Combine(_folder, "labelmap.txt"),
            "# label:color\nbackground:0,0,0::\nzebra:128,0,0::\nignore:224,224,192::\n"
        );
        Assert.Equal(["background", "zebra"], LabeledDataset.Open(_folder).Labels);
        Labels("SegmentationClass/a.png", 1, side: 9);
        Assert.Throws<FreeMaskException>(() => LabeledDataset.Open(_folder).Load(0));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(255, 255)]
    [InlineData(0, 255)]
    public void Masks_of_background_and_void_alone_hold_nothing_to_learn(byte first, byte second)
    {
        WriteImage("JPEGImages/a.png");
        WriteImage("JPEGImages/b.png");
        Labels("SegmentationClass/a.png", first);
        Labels("SegmentationClass/b.png", second);
        Assert.Contains(
            "0 and 255",
            Assert.Throws<FreeMaskException>(LabeledDataset.Open(_folder).RequireClasses).Message,
            StringComparison.Ordinal
        );
        Labels("SegmentationClass/b.png", 20);
        LabeledDataset.Open(_folder).RequireClasses();
    }

    [Fact]
    public void Road_is_a_class_of_Cityscapes_though_its_index_is_0()
    {
        WriteImage("leftImg8bit/train/bonn/x_leftImg8bit.png");
        Labels("gtFine/train/bonn/x_gtFine_labelTrainIds.png", 0);
        LabeledDataset.Open(_folder).RequireClasses();
        Labels("gtFine/train/bonn/x_gtFine_labelTrainIds.png", 255);
        Assert.Throws<FreeMaskException>(LabeledDataset.Open(_folder).RequireClasses);
        Labels("gtFine/train/bonn/x_gtFine_labelTrainIds.png", 19);
        Assert.Contains(
            "label 19",
            Assert.Throws<FreeMaskException>(LabeledDataset.Open(_folder).RequireClasses).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Cityscapes_labels_that_a_tool_gave_a_palette_are_the_same_classes()
    {
        WriteImage("leftImg8bit/train/bonn/x_leftImg8bit.png");
        byte[] car = [0, 0, 142], level = [13, 13, 13];
        foreach (var palette in new[] { car, level })
        {
            Write(
                "gtFine/train/bonn/x_gtFine_labelTrainIds.png",
                Imaging.TestPng.Make(8, 8, 8, PngColorType.Indexed, new byte[64], palette)
            );
            Assert.All(LabeledDataset.Open(_folder).Load(0).Labels.Labels, label => Assert.Equal(13, label));
        }

        Directory.CreateDirectory(Path.Combine(_folder, "leftImg8bit", "val", "bonn"));
        Directory.CreateDirectory(Path.Combine(_folder, "gtFine", "val", "bonn"));
        Assert.False(LabeledDataset.HasPart(_folder, null, "val"));
    }

    [Fact]
    public void A_folder_without_any_layout_is_told_what_each_needs()
    {
        var message = Assert.Throws<FreeMaskException>(() => LabeledDataset.Open(_folder)).Message;
        Assert.All(LabeledDataset.Formats, format => Assert.Contains(format, message, StringComparison.Ordinal));
        Assert.Contains(
            "yolo",
            Assert.Throws<FreeMaskException>(() => LabeledDataset.Open(_folder, "yolo")).Message,
            StringComparison.Ordinal
        );
    }

    private void WriteImage(string path) => Write(path, ImageCodec.EncodePng(new RgbImage(8, 8)));

    private void Labels(string path, byte label, int side = 8)
    {
        var map = new LabelMap(side, side);
        Array.Fill(map.Labels, label);
        Write(path, IndexedPng.EncodeGrey(map));
    }

    private void WriteCoco(string file, object[] annotations) =>
        Write(
            $"annotations/{file}",
            JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    images = new[]
                    {
                        new
                        {
                            id = 6,
                            file_name = "b.png",
                            width = 8,
                            height = 8,
                        },
                        new
                        {
                            id = 5,
                            file_name = "a.png",
                            width = 8,
                            height = 8,
                        },
                    },
                    categories = new[] { new { id = 7, name = "dog" }, new { id = 3, name = "cat" } },
                    annotations,
                }
            )
        );

    private void Write(string path, byte[] content)
    {
        var full = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
    }
}
