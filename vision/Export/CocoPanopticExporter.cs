using System.Text.Json;
using FreeMask.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>
/// COCO panoptic: <c>images/{train,val}</c>, <c>annotations/panoptic_{train,val}.json</c> and folders of PNG of the same names whose pixels
/// are segment ids, R + 256 G + 65536 B, 0 for background and void. A segment's id is 1000 x class + object.
/// </summary>
internal sealed class CocoPanopticExporter : IDatasetFormat
{
    /// <inheritdoc />
    public string Name => "coco-panoptic";

    /// <inheritdoc />
    public string DataRoot => "";

    /// <inheritdoc />
    public IDatasetWriter Begin(string folder, ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new Writer(folder, options);
    }

    private sealed record Segment(int Id, byte Category, long Area, BoundingBox Box);

    private sealed record ImageEntry(CocoImageEntry Image, string Labels, DatasetPart Part, IReadOnlyList<Segment> Segments);

    private sealed class Writer(string folder, ExportOptions options) : IDatasetWriter
    {
        private readonly List<ImageEntry> _entries = [];

        public void Add(ExportItem item, DatasetPart part, ExportSample sample)
        {
            var (width, height) = (sample.Image.Width, sample.Image.Height);
            var ids = new RgbImage(width, height);
            var segments = new List<Segment>();
            for (var instance = 1; instance <= sample.InstanceClasses.Count; instance++)
            {
                var mask = sample.Mask(instance);
                var runs = RunLengthMask.Encode(mask, width);
                if (runs.Area == 0) continue;
                var category = options.Labels[sample.InstanceClasses[instance - 1]].Value;
                var id = (1000 * category) + instance;
                // R + 256 G + 65536 B: from class 66 on an id needs all three.
                for (var i = 0; i < mask.Length; i++)
                {
                    if (mask[i] == 0) continue;
                    for (var k = 0; k < 3; k++) ids.Pixels[(3 * i) + k] = (byte)(id >> (8 * k));
                }

                segments.Add(new Segment(id, category, runs.Area, runs.BoundingBox));
            }

            Write(["images", part.Name(), item.Id + ".jpg"], ImageCodec.EncodeJpeg(sample.Image));
            Write(["annotations", "panoptic_" + part.Name(), item.Id + ".png"], ImageCodec.EncodePng(ids));
            var entry = new CocoImageEntry(_entries.Count + 1, item.Id + ".jpg", width, height);
            _entries.Add(new ImageEntry(entry, item.Id + ".png", part, segments));
        }

        public void Complete()
        {
            Directory.CreateDirectory(Path.Combine(folder, "annotations"));
            foreach (var part in new[] { DatasetPart.Train, DatasetPart.Val })
            {
                var entries = _entries.FindAll(p => p.Part == part);
                // A part without images is no part: readers fail on an empty one.
                if (entries.Count == 0) continue;
                CocoJson.WriteFile(Path.Combine(folder, "annotations", $"panoptic_{part.Name()}.json"), options.Title, json =>
                {
                    CocoJson.WriteImages(json, entries.Select(p => p.Image));
                    CocoJson.WriteObjects(json, "annotations", entries, entry => WriteAnnotation(json, entry));
                    CocoJson.WriteCategories(json, options.Labels, item =>
                    {
                        json.WriteNumber("isthing", item.IsThing ? 1 : 0);
                        var (r, g, b) = item.Color;
                        CocoJson.WriteNumbers(json, "color", r, g, b);
                    });
                });
            }
        }

        private static void WriteAnnotation(Utf8JsonWriter json, ImageEntry entry)
        {
            json.WriteNumber("image_id", entry.Image.Id);
            json.WriteString("file_name", entry.Labels);
            CocoJson.WriteObjects(json, "segments_info", entry.Segments, segment =>
            {
                json.WriteNumber("id", segment.Id);
                json.WriteNumber("category_id", segment.Category);
                json.WriteNumber("area", segment.Area);
                CocoJson.WriteBox(json, segment.Box);
                json.WriteNumber("iscrowd", 0);
            });
        }

        private void Write(string[] parts, byte[] bytes)
        {
            var path = Path.Combine([folder, .. parts]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }
    }
}
