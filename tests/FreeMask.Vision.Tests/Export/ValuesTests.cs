using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Export;
using Xunit;

namespace FreeMask.Vision.Tests.Export;

/// <summary>Data sets whose classes have values with gaps.</summary>
public sealed class ValuesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // Class 8 has the value 88, class 15 the value 165.
    private static readonly LabelSet Labels = new(
        "gaps",
        "",
        LabelSet.Own(Enumerable.Range(1, 20).Select(i => $"thing{i}")).Classes.Select(item => item with { Value = (byte)(11 * item.Id) })
    );

    public void Dispose() => _folder.Dispose();

    private Task WriteAsync(string format) => DatasetExporter.WriteAsync(
        DatasetExporter.Format(format),
        ExportData.Source(2),
        _folder["out"],
        new ExportOptions { Labels = Labels, ValidationShare = 0 },
        cancellationToken: TestContext.Current.CancellationToken
    );

    private static byte[] Valued(LabelMap labels) =>
        [.. labels.Labels.Select(label => label == LabelMap.Ignore ? label : (byte)(11 * label))];

    [Fact]
    public async Task Voc_masks_hold_the_values_and_are_read_back_by_their_colors()
    {
        await WriteAsync("voc");
        var dataset = VocFolder.Open(_folder["out"]);
        Assert.Equal(Labels.Names, dataset.Labels);
        foreach (var (i, entry) in dataset.Entries.Index())
        {
            Assert.Equal(Valued(ExportData.Sample(i).Labels), IndexedPng.Load(entry.LabelPath).Labels);
            Assert.Equal(ExportData.Sample(i).Labels.Labels, dataset.Load(entry).Labels.Labels);
        }
    }

    [Theory]
    [InlineData("huggingface", "train", "labels")]
    [InlineData("fiftyone", "train", "labels")]
    public async Task Grey_masks_hold_the_values(string format, params string[] path)
    {
        await WriteAsync(format);
        var mask = IndexedPng.Load(Path.Combine([_folder["out"], .. path, "sample_0000.png"]));
        Assert.Equal(Valued(ExportData.Sample(0).Labels), mask.Labels);
        Assert.Contains("| 88 | thing8 |", File.ReadAllText(_folder["out", "README.md"]), StringComparison.Ordinal);
        if (format != "fiftyone") return;
        using var targets = JsonDocument.Parse(File.ReadAllBytes(_folder["out", "mask_targets.json"]));
        Assert.Equal("thing15", targets.RootElement.GetProperty("165").GetString());
    }

    [Fact]
    public async Task Coco_categories_and_annotations_have_the_values()
    {
        await WriteAsync("coco");
        using var json = JsonDocument.Parse(File.ReadAllBytes(_folder["out", "annotations", "instances_train.json"]));
        Assert.Equal(
            Labels.Values.Skip(1).Select(value => (int)value),
            json.RootElement.GetProperty("categories").EnumerateArray().Select(c => c.GetProperty("id").GetInt32())
        );
        Assert.Equal(
            [88, 165],
            json
                .RootElement.GetProperty("annotations")
                .EnumerateArray()
                .Select(a => a.GetProperty("category_id").GetInt32())
                .Distinct()
                .Order()
        );
        var read = LabeledDataset.Open(_folder["out"], "coco", "train");
        Assert.Equal(
            ["thing15", "thing8"],
            read.Load(0).Labels.Labels.Where(v => v is > 0 and < 255).Distinct().Select(v => read.Labels[v]).Order()
        );
    }

    [Fact]
    public async Task Panoptic_ids_of_high_categories_need_three_bytes()
    {
        await WriteAsync("coco-panoptic");
        using var json = JsonDocument.Parse(File.ReadAllBytes(_folder["out", "annotations", "panoptic_train.json"]));
        foreach (var annotation in json.RootElement.GetProperty("annotations").EnumerateArray())
        {
            var png = ImageCodec.Load(_folder["out", "annotations", "panoptic_train", annotation.GetProperty("file_name").GetString()!]);
            var ids = Enumerable
                .Range(0, png.Width * png.Height)
                .GroupBy(i => png.Pixels[3 * i] + (256 * png.Pixels[(3 * i) + 1]) + (65536 * png.Pixels[(3 * i) + 2]))
                .Where(group => group.Key != 0)
                .ToDictionary(group => group.Key, group => group.Count());
            var segments = annotation.GetProperty("segments_info").EnumerateArray().ToList();
            Assert.Equal(
                segments.Select(s => (s.GetProperty("id").GetInt32(), s.GetProperty("area").GetInt32())).Order(),
                ids.Select(item => (item.Key, item.Value)).Order()
            );
            Assert.All(segments, s => Assert.Equal(s.GetProperty("category_id").GetInt32(), s.GetProperty("id").GetInt32() / 1000));
            Assert.Contains(segments, s => s.GetProperty("id").GetInt32() > 65535);
        }
    }
}
