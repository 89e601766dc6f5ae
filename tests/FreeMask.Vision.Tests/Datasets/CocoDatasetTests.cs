using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using Xunit;

namespace FreeMask.Vision.Tests.Datasets;

/// <summary>COCO files as other tools write them: two images of 8 x 8, categories cat and dog.</summary>
public sealed class CocoDatasetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CocoDatasetTests()
    {
        Directory.CreateDirectory(_folder["annotations"]);
        Directory.CreateDirectory(_folder["images"]);
        foreach (var name in new[] { "a.png", "b.png" })
            File.WriteAllBytes(_folder["images", name], ImageCodec.EncodePng(new RgbImage(8, 8)));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Values_are_read_as_pycocotools_reads_them()
    {
        var file = Document();
        file["categories"] = JsonNode.Parse("""[{"id": "c-1", "name": "cat"}, {"id": 2.0, "name": "dog"}]""");
        file["images"] = JsonNode.Parse(
            """
            [{"id": 1.0, "file_name": "a.png", "width": 8.0, "height": 8},
             {"id": "f47ac10b-58cc", "file_name": "b.png", "width": 8, "height": 8.00}]
            """
        );
        file["annotations"] = JsonNode.Parse(
            """
            [{"id": 1, "image_id": 1, "category_id": 2, "iscrowd": false, "area": null, "segmentation": [[0, 0, 8, 0, 8, 8, 0, 8]]},
             {"id": 2, "image_id": 1, "category_id": "c-1", "iscrowd": null, "segmentation": [[0, 0, 4, 0, 4, 4, 0, 4]]},
             {"id": 3, "image_id": "f47ac10b-58cc", "category_id": 2, "iscrowd": true, "area": 4.5,
              "segmentation": {"counts": [0, 64], "size": [8, 8]}}]
            """
        );
        var data = Open(file);
        Assert.Equal(["background", "dog", "cat"], data.Labels);
        var labels = data.Load(0).Labels;
        // Without areas, the smaller object is found by its pixels.
        Assert.Equal((2, 1), (labels[1, 1], labels[6, 6]));
        Assert.All(data.Load(1).Labels.Labels, label => Assert.Equal(LabelMap.Ignore, label));
        Assert.Empty(data.Notes);
    }

    [Theory]
    [InlineData("images", 1, "width", "0", "images[1]", "'width' is 0")]
    [InlineData("images", 0, "height", "7.5", "images[0]", "'height' is 7.5")]
    [InlineData("images", 0, "width", "1000000000", "a.png", "1000000000 x 8")]
    [InlineData("images", 1, "id", "null", "images[1]", "'id' is null")]
    [InlineData("images", 1, "id", "1", "a.png", "two images have the id 1")]
    [InlineData("images", 1, "file_name", "5", "images[1]", "'file_name' is 5")]
    [InlineData("categories", 1, "id", "1", "'dog'", "two categories have the id 1")]
    [InlineData("annotations", 0, "area", "\"x\"", "annotations[0]", "'area' is \"x\"")]
    [InlineData("annotations", 0, "iscrowd", "[]", "annotations[0]", "'iscrowd' is []")]
    [InlineData("annotations", 0, "category_id", "9", "annotations[0]", "category_id 9")]
    [InlineData("annotations", 0, "segmentation", "7", "annotations[0]", "'segmentation'")]
    public void What_cannot_be_used_is_refused_with_entry_and_field(
        string array,
        int index,
        string field,
        string value,
        string entry,
        string reason
    )
    {
        var file = Document();
        file[array]![index]![field] = JsonNode.Parse(value);
        var message = Assert.Throws<FreeMaskException>(() => Open(file)).Message;
        Assert.Contains("instances_train.json", message, StringComparison.Ordinal);
        Assert.Contains(entry, message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"counts": [0, 64], "size": [4, 16]}""", "16 x 4")]
    [InlineData("""{"counts": [0, 60], "size": [8, 8]}""", "covers 60 pixels")]
    [InlineData("""{"counts": "@", "size": [8, 8]}""", "damaged")]
    [InlineData("[[0, 0, 4, 0, 4, 1000000000]]", "1000000000")]
    [InlineData("[[0, 0, 4, 0, 4, -1e300]]", "-1E+300")]
    [InlineData("[[0, 0, 4, 0, 4, 4, 1]]", "7 coordinates")]
    public void A_damaged_outline_is_refused_with_its_file_and_picture(string segmentation, string reason)
    {
        var file = Document();
        file["annotations"]![0]!["segmentation"] = JsonNode.Parse(segmentation);
        var data = Open(file);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = Assert.Throws<FreeMaskException>(() => data.Load(0)).Message;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        Assert.Contains("instances_train.json", message, StringComparison.Ordinal);
        Assert.Contains("a.png", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Objects_without_an_outline_are_counted_and_said()
    {
        var file = Document();
        foreach (var empty in new[] { "[]", "null", "[[]]", "[[1, 1, 2, 2]]" })
            file["annotations"]!
                .AsArray()
                .Add(
                    JsonNode.Parse($$"""{"id": 9, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 4, "segmentation": {{empty}}}""")
                );
        file["annotations"]!
            .AsArray()
            .Add(JsonNode.Parse("""{"id": 9, "image_id": 77, "category_id": 1, "segmentation": [[0, 0, 4, 0, 4, 4]]}"""));
        var data = Open(file);
        Assert.Contains("4 of 6 objects", data.Notes[0], StringComparison.Ordinal);
        Assert.Contains("1 of 6 objects", data.Notes[1], StringComparison.Ordinal);
        data.RequireClasses();

        file["annotations"] = JsonNode.Parse("""[{"id": 1, "image_id": 1, "category_id": 1, "segmentation": []}]""");
        Assert.Contains("2 images", Assert.Throws<FreeMaskException>(Open(file).RequireClasses).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_category_named_background_is_background_and_one_name_is_one_class()
    {
        var file = Document();
        file["categories"] = JsonNode.Parse(
            """[{"id": 0, "name": "Background"}, {"id": 1, "name": "cat"}, {"id": 2, "name": "cat"}, {"id": 5, "name": "dog"}]"""
        );
        file["annotations"]!
            .AsArray()
            .Add(JsonNode.Parse("""{"id": 2, "image_id": 1, "category_id": 0, "area": 1, "segmentation": [[6, 6, 8, 6, 8, 8, 6, 8]]}"""));
        file["annotations"]!
            .AsArray()
            .Add(JsonNode.Parse("""{"id": 3, "image_id": 1, "category_id": 2, "area": 2, "segmentation": [[0, 6, 2, 6, 2, 8, 0, 8]]}"""));
        var data = Open(file);
        Assert.Equal(["background", "cat", "dog"], data.Labels);
        Assert.Equal((0, 1, 1), (data.Load(0).Labels[7, 7], data.Load(0).Labels[1, 7], data.Load(0).Labels[1, 1]));
    }

    [Fact]
    public void A_missing_picture_is_told_when_the_data_set_is_opened()
    {
        File.Delete(_folder["images", "a.png"]);
        var message = Assert.Throws<FreeMaskException>(() => Open(Document())).Message;
        Assert.Contains("1 of them", message, StringComparison.Ordinal);
        Assert.Contains("a.png", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_pictures_is_no_part()
    {
        _ = Open(Document());
        File.WriteAllText(
            _folder["annotations", "instances_val.json"],
            """{"images": [], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}"""
        );
        Assert.True(LabeledDataset.HasPart(_folder.Path, null, "train"));
        Assert.False(LabeledDataset.HasPart(_folder.Path, null, "val"));
    }

    private static JsonObject Document() => JsonNode.Parse("""
        {"images": [{"id": 1, "file_name": "a.png", "width": 8, "height": 8}, {"id": 2, "file_name": "b.png", "width": 8, "height": 8}],
         "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
         "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 16, "segmentation": [[0, 0, 4, 0, 4, 4, 0, 4]]}]}
        """)!.AsObject();

    private LabeledDataset Open(JsonObject file)
    {
        File.WriteAllBytes(_folder["annotations", "instances_train.json"], JsonSerializer.SerializeToUtf8Bytes(file));
        return LabeledDataset.Open(_folder.Path);
    }
}
