using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Export;
using FreeMask.Vision.Tests.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Export;

/// <summary>What each format writes, read back by its rules.</summary>
public sealed class OtherFormatsTests : IDisposable
{
    private const int Count = 6;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Yolo_lists_one_outline_an_object()
    {
        await WriteAsync("yolo");
        Assert.Equal(
            ["train: images/train", "val: images/val", "names:", "  0: aeroplane"],
            File.ReadLines(_folder["out", "data.yaml"]).Take(4)
        );
        for (var i = 0; i < Count; i++)
        {
            var sample = ExportData.Sample(i);
            var lines = File.ReadAllLines(Find("labels", $"sample_{i:0000}.txt")).Select(line => line.Split(' ')).ToList();
            Assert.Equal(
                sample.InstanceClasses.Where((_, k) => sample.Instances.Labels.Contains((byte)(k + 1))).Select(c => c - 1),
                lines.Select(line => int.Parse(line[0], CultureInfo.InvariantCulture))
            );
            foreach (var line in lines)
            {
                var numbers = line.Skip(1).Select(v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray();
                Assert.True(numbers.Length >= 6 && numbers.Length % 2 == 0);
                for (var k = 0; k < numbers.Length; k += 2)
                {
                    // Readers round or truncate: both must come to the same pixel of the object.
                    var (x, y) = (numbers[k] * sample.Image.Width, numbers[k + 1] * sample.Image.Height);
                    Assert.Equal(((int)x, (int)y), ((int)Math.Round(x), (int)Math.Round(y)));
                    Assert.NotEqual(0, sample.Instances[(int)x, (int)y]);
                }
            }
        }
    }

    [Fact]
    public async Task Panoptic_segments_and_pixels_belong_together()
    {
        await WriteAsync("coco-panoptic");
        var seen = 0;
        foreach (var part in new[] { "train", "val" })
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(_folder["out", "annotations", $"panoptic_{part}.json"]));
            foreach (var annotation in json.RootElement.GetProperty("annotations").EnumerateArray())
            {
                var image = ImageCodec.Load(
                    _folder["out", "annotations", "panoptic_" + part, annotation.GetProperty("file_name").GetString()!]
                );
                var ids = Enumerable
                    .Range(0, image.Width * image.Height)
                    .Select(i => image.Pixels[3 * i] + (256 * image.Pixels[(3 * i) + 1]) + (65536 * image.Pixels[(3 * i) + 2]))
                    .ToArray();
                var segments = annotation.GetProperty("segments_info").EnumerateArray().ToList();
                var quality = new PanopticQuality();
                var map = new PanopticMap(
                    ids,
                    [.. segments.Select(s => new PanopticSegment(s.GetProperty("id").GetInt32(), s.GetProperty("category_id").GetInt32()))]
                );
                quality.Add(map, map);
                Assert.Equal(1, quality.Mean(quality.Categories).Quality);
                foreach (var segment in segments)
                    Assert.Equal(segment.GetProperty("area").GetInt32(), ids.Count(id => id == segment.GetProperty("id").GetInt32()));
                seen++;
            }
        }

        Assert.Equal(Count, seen);
    }

    [Fact]
    public async Task Cityscapes_has_its_own_ids_and_leaves_unknown_classes_unlabeled()
    {
        await WriteAsync("cityscapes");
        for (var i = 0; i < Count; i++)
        {
            var sample = ExportData.Sample(i);
            PngImage Read(string kind) =>
                ImageCodec.DecodePng(File.ReadAllBytes(Find("gtFine", $"freemask_{i:000000}_000019_gtFine_{kind}.png")));
            var (ids, trainIds, instances, color) = (Read("labelIds"), Read("labelTrainIds"), Read("instanceIds"), Read("color"));
            Assert.Equal((8, 16, PngColorType.Rgba), (ids.BitDepth, instances.BitDepth, color.ColorType));
            for (var p = 0; p < sample.Labels.Labels.Length; p++)
            {
                var person = sample.Labels.Labels[p] == 15;
                Assert.Equal(person ? 24 : 0, ids.Samples[p]);
                Assert.Equal(person ? 11 : 255, trainIds.Samples[p]);
                Assert.Equal(person ? 24000 + sample.Instances.Labels[p] - 2 : 0, instances.Samples[p]);
                Assert.Equal(person ? 220 : 0, color.Samples[4 * p]);
            }

            using var polygons = JsonDocument.Parse(File.ReadAllBytes(Find("gtFine", $"freemask_{i:000000}_000019_gtFine_polygons.json")));
            Assert.Equal(sample.Image.Height, polygons.RootElement.GetProperty("imgHeight").GetInt32());
            Assert.Equal(
                i % 2 == 0 ? ["unlabeled", "person", "person"] : ["unlabeled"],
                polygons.RootElement.GetProperty("objects").EnumerateArray().Select(o => o.GetProperty("label").GetString()!)
            );
        }
    }

    [Fact]
    public async Task Cityscapes_without_any_class_of_its_own_is_refused()
    {
        string[] names = ["background", .. Enumerable.Range(1, 20).Select(i => $"thing{i}")];
        var error = await Assert.ThrowsAsync<FreeMaskException>(() =>
            DatasetExporter.WriteAsync(
                DatasetExporter.Format("cityscapes"),
                ExportData.Source(1),
                _folder["out"],
                new ExportOptions { Labels = LabelSet.Own(names.Skip(1)) },
                cancellationToken: TestContext.Current.CancellationToken
            )
        );
        Assert.Contains("choose another format", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cvat_declares_every_color()
    {
        await WriteAsync("cvat");
        var declared = File.ReadLines(_folder["out", "labelmap.txt"]).Skip(1).Select(line => line.Split(':')[1]).ToHashSet();
        Assert.Equal(Count, File.ReadLines(_folder["out", "ImageSets", "Segmentation", "default.txt"]).Count());
        for (var i = 0; i < Count; i++)
        {
            var (classes, objects) = (
                ImageCodec.Load(_folder["out", "SegmentationClass", $"sample_{i:0000}.png"]),
                ImageCodec.Load(_folder["out", "SegmentationObject", $"sample_{i:0000}.png"])
            );
            var sample = ExportData.Sample(i);
            for (var p = 0; p < sample.Labels.Labels.Length; p++)
            {
                Assert.Contains($"{classes.Pixels[3 * p]},{classes.Pixels[(3 * p) + 1]},{classes.Pixels[(3 * p) + 2]}", declared);
                var isObject = sample.Labels.Labels[p] is not (0 or LabelMap.Ignore);
                Assert.Equal(isObject, objects.Pixels.AsSpan(3 * p, 3).ContainsAnyExcept((byte)0));
            }
        }
    }

    [Fact]
    public async Task Fiftyone_has_pictures_and_labels_of_the_same_names_and_the_meaning_of_values()
    {
        await WriteAsync("fiftyone");
        using var targets = JsonDocument.Parse(File.ReadAllBytes(_folder["out", "mask_targets.json"]));
        Assert.Equal("cat", targets.RootElement.GetProperty("8").GetString());
        for (var i = 0; i < Count; i++)
            Assert.Equal(ExportData.Sample(i).Labels.Labels, IndexedPng.Load(Find("", $"sample_{i:0000}.png")).Labels);
    }

    [Fact]
    public async Task Hugging_face_metadata_names_files_that_are_there()
    {
        await WriteAsync("huggingface");
        var seen = 0;
        foreach (var split in new[] { "train", "validation" })
        {
            foreach (var line in File.ReadLines(_folder["out", split, "metadata.jsonl"]))
            {
                using var json = JsonDocument.Parse(line);
                Assert.True(File.Exists(_folder["out", split, json.RootElement.GetProperty("file_name").GetString()!]));
                var labels = IndexedPng.Load(_folder["out", split, json.RootElement.GetProperty("label_file_name").GetString()!]);
                Assert.Equal(
                    ExportData
                        .Sample(int.Parse(json.RootElement.GetProperty("id").GetString()![7..], CultureInfo.InvariantCulture))
                        .Labels.Labels,
                    labels.Labels
                );
                Assert.StartsWith("a cat", json.RootElement.GetProperty("prompt").GetString(), StringComparison.Ordinal);
                seen++;
            }
        }

        Assert.Equal(Count, seen);
    }

    [Fact]
    public async Task Hugging_face_columns_are_pictures_and_have_one_type_in_all_parts()
    {
        var scores = new[] { 1.0, 0.25, 1, 0.5, 1, 1 };
        var items = ExportData
            .Source(Count)
            .Items.Select(
                (item, i) =>
                    item with
                    {
                        Metadata = new JsonObject
                        {
                            ["image"] = "ab12",
                            ["label"] = "cd34",
                            ["mask_file_name"] = "x",
                            ["score"] = scores[i % scores.Length],
                            ["scores"] = new JsonArray(1.0, 2f),
                            ["round"] = 1,
                        },
                    }
            )
            .ToList();
        await DatasetExporter.WriteAsync(
            DatasetExporter.Format("huggingface"),
            ExportData.Source(Count) with
            {
                Items = items,
            },
            _folder["out"],
            new ExportOptions { Seed = 1, ValidationShare = 0.3 },
            cancellationToken: TestContext.Current.CancellationToken
        );
        foreach (var line in new[] { "train", "validation" }.SelectMany(split => File.ReadLines(_folder["out", split, "metadata.jsonl"])))
        {
            using var json = JsonDocument.Parse(line);
            // The reader's rules: file_name becomes the column image, X_file_name the column X, both of images; every other field is a
            // column as it is named.
            var pictures = json
                .RootElement.EnumerateObject()
                .Where(f => f.Name.EndsWith("file_name", StringComparison.Ordinal))
                .Select(f => f.Name == "file_name" ? "image" : f.Name[..^"_file_name".Length])
                .ToList();
            Assert.Equal(["image", "label"], pictures);
            var others = json
                .RootElement.EnumerateObject()
                .Select(f => f.Name)
                .Where(name => !name.EndsWith("file_name", StringComparison.Ordinal));
            Assert.Empty(pictures.Intersect(others));
            Assert.Contains('.', json.RootElement.GetProperty("score").GetRawText());
            Assert.Equal("[1.0,2.0]", json.RootElement.GetProperty("scores").GetRawText());
            Assert.Equal("1", json.RootElement.GetProperty("round").GetRawText());
        }

        Assert.Contains(
            File.ReadLines(_folder["out", DatasetExporter.ManifestName]),
            line => line.Contains("\"score\":1.0,", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("voc", "VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt", "VOCdevkit/VOC2012/ImageSets/Segmentation/val.txt")]
    [InlineData("coco", "annotations/instances_train.json", "annotations/instances_val.json")]
    [InlineData("coco-panoptic", "annotations/panoptic_train.json", "annotations/panoptic_val.json")]
    [InlineData("yolo", "labels/train/sample_0000.txt", "labels/val")]
    [InlineData("huggingface", "train/metadata.jsonl", "validation")]
    public async Task A_part_without_samples_is_not_written(string format, string train, string val)
    {
        await DatasetExporter.WriteAsync(
            DatasetExporter.Format(format),
            ExportData.Source(2),
            _folder["out"],
            new ExportOptions(),
            cancellationToken: TestContext.Current.CancellationToken
        );
        Assert.True(File.Exists(_folder["out", train]));
        Assert.False(Path.Exists(_folder["out", val]));
        if (format == "yolo")
            Assert.Equal(["train: images/train", "val: images/train"], File.ReadLines(_folder["out", "data.yaml"]).Take(2));
    }

    [Theory]
    [InlineData("voc")]
    [InlineData("coco")]
    [InlineData("cvat")]
    public async Task A_small_export_can_be_learnt_from_and_measured_on(string format)
    {
        await DatasetExporter.WriteAsync(
            DatasetExporter.Format(format),
            ExportData.Source(4),
            _folder["out"],
            new ExportOptions(),
            cancellationToken: TestContext.Current.CancellationToken
        );
        var data = LabeledDataset.Open(_folder["out"]);
        data.RequireClasses();
        Assert.Equal(format == "cvat" ? 4 : 3, data.Count);
        Assert.Equal(VocClasses.Names, data.Labels);
        if (format != "cvat") Assert.Equal(1, LabeledDataset.Open(_folder["out"], null, "val").Count);
        for (var i = 0; i < data.Count; i++)
        {
            var sample = ExportData.Sample(int.Parse(Path.GetFileNameWithoutExtension(data.IdOf(i))[7..], CultureInfo.InvariantCulture));
            // COCO has no void.
            Assert.Equal(
                format == "coco"
                    ? Array.ConvertAll(sample.Labels.Labels, label => label == LabelMap.Ignore ? (byte)0 : label)
                    : sample.Labels.Labels,
                data.Load(i).Labels.Labels
            );
        }
    }

    private Task WriteAsync(string format) =>
        DatasetExporter.WriteAsync(
            DatasetExporter.Format(format),
            ExportData.Source(Count),
            _folder["out"],
            new ExportOptions { Seed = 1, ValidationShare = 0.3 },
            cancellationToken: TestContext.Current.CancellationToken
        );

    /// <summary>A file of a name, whichever split it is in.</summary>
    private string Find(string part, string name) =>
        Assert.Single(Directory.EnumerateFiles(_folder["out", part], name, SearchOption.AllDirectories));
}
