using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Vision.Export;
using Xunit;

namespace FreeMask.Vision.Tests.Export;

public sealed class CocoExporterTests
{
    [Fact]
    public async Task Annotations_give_the_objects_back()
    {
        using var folder = new TemporaryFolder();
        await DatasetExporter.WriteAsync(
            new CocoExporter(),
            ExportData.Source(6),
            folder["out"],
            new ExportOptions(),
            cancellationToken: TestContext.Current.CancellationToken
        );
        using var json = JsonDocument.Parse(File.ReadAllBytes(folder["out", "annotations", "instances_trainval.json"]));
        var root = json.RootElement;
        var categories = root.GetProperty("categories").EnumerateArray().ToArray();
        Assert.Equal(
            (20, 1, "aeroplane"),
            (categories.Length, categories[0].GetProperty("id").GetInt32(), categories[0].GetProperty("name").GetString())
        );
        var annotations = root.GetProperty("annotations").EnumerateArray().ToArray();
        Assert.Equal(Enumerable.Range(1, annotations.Length), annotations.Select(a => a.GetProperty("id").GetInt32()));
        foreach (var image in root.GetProperty("images").EnumerateArray())
        {
            var id = image.GetProperty("id").GetInt32();
            var sample = ExportData.Sample(id - 1);
            var file = ImageCodec.Load(folder["out", "images", image.GetProperty("file_name").GetString()!]);
            Assert.Equal((file.Width, file.Height), (image.GetProperty("width").GetInt32(), image.GetProperty("height").GetInt32()));
            var rebuilt = new LabelMap(file.Width, file.Height);
            foreach (var a in annotations.Where(a => a.GetProperty("image_id").GetInt32() == id))
            {
                var segmentation = a.GetProperty("segmentation");
                Assert.Equal(
                    (file.Height, file.Width),
                    (segmentation.GetProperty("size")[0].GetInt32(), segmentation.GetProperty("size")[1].GetInt32())
                );
                var runs = RunLengthMask.FromCompressed(segmentation.GetProperty("counts").GetString()!, file.Width, file.Height);
                Assert.Equal(runs.Area, a.GetProperty("area").GetInt64());
                Assert.Equal(runs.BoundingBox.Height, a.GetProperty("bbox")[3].GetDouble());
                var mask = runs.Decode();
                for (var i = 0; i < mask.Length; i++)
                    if (mask[i] != 0) rebuilt.Labels[i] = a.GetProperty("category_id").GetByte();
            }

            Assert.Equal(sample.Labels.Labels.Select(v => v == LabelMap.Ignore ? (byte)0 : v), rebuilt.Labels);
        }
    }
}
