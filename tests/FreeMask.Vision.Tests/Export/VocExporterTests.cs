using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Export;
using Xunit;

namespace FreeMask.Vision.Tests.Export;

public sealed class VocExporterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_obeys_the_rules_of_voc_and_is_read_back()
    {
        using var folder = new TemporaryFolder();
        var summary = await DatasetExporter.WriteAsync(
            DatasetExporter.Format("VOC"),
            ExportData.Source(12),
            folder["out"],
            new ExportOptions { Seed = 3, ValidationShare = 0.25 },
            cancellationToken: Token
        );
        Assert.Equal((9, 3, 24), (summary.Train, summary.Validation, summary.Objects));
        Assert.Equal(folder["out", "VOCdevkit", "VOC2012"], summary.DataRoot);

        var dataset = VocFolder.Open(folder["out"]);
        Assert.Equal(12, dataset.Entries.Count);
        for (var i = 0; i < 12; i++)
        {
            var (expected, actual) = (ExportData.Sample(i), dataset.Load(dataset.Entries[i]));
            Assert.Equal(expected.Labels.Labels, actual.Labels.Labels);
            var objects = IndexedPng.Load(Path.Combine(summary.DataRoot, "SegmentationObject", actual.Id + ".png"));
            Assert.Equal(expected.Instances.Labels, objects.Labels);
            AssertRules(actual, objects, File.ReadAllBytes(dataset.Entries[i].LabelPath));
        }

        var lists = new[] { "train", "val", "trainval" }
            .Select(n => VocFolder.Open(summary.DataRoot, n).Entries.Select(e => e.Id).ToArray())
            .ToArray();
        Assert.Equal(lists[2], lists[0].Concat(lists[1]).Order(StringComparer.Ordinal));

        // Without the file datumaro takes void for a class of its own.
        Assert.Equal(
            ["tvmonitor:0,64,128::", "ignore:224,224,192::"],
            File.ReadAllLines(Path.Combine(summary.DataRoot, "labelmap.txt"))[^2..]
        );
    }

    [Fact]
    public async Task Other_classes_are_declared_with_void()
    {
        using var folder = new TemporaryFolder();
        string[] names = [.. Enumerable.Range(0, 16).Select(i => i == 0 ? "background" : $"thing{i}")];
        var summary = await DatasetExporter.WriteAsync(
            new VocExporter(),
            ExportData.Source(2),
            folder["out"],
            new ExportOptions { Labels = LabelSet.Own(names.Skip(1)) },
            cancellationToken: Token
        );
        var lines = File.ReadAllLines(Path.Combine(summary.DataRoot, "labelmap.txt"));
        Assert.Equal("background:0,0,0::", lines[1]);
        Assert.Equal("thing8:64,0,0::", lines[9]);
        Assert.Equal("ignore:224,224,192::", lines[^1]);
    }

    private static void AssertRules(LabeledImage sample, LabelMap objects, byte[] classFile)
    {
        var png = ImageCodec.DecodePng(classFile);
        Assert.Equal((PngColorType.Indexed, 8, 768), (png.ColorType, png.BitDepth, png.Palette!.Length));
        for (var i = 0; i < sample.Labels.Labels.Length; i++)
        {
            var (label, instance) = (sample.Labels.Labels[i], objects.Labels[i]);
            Assert.Equal(label == 0, instance == 0);
            Assert.Equal(label == 255, instance == 255);
        }
    }
}
