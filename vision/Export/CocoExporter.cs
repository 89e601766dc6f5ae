using System.Text.Json;
using FreeMask.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>
/// COCO instances: <c>images/*.jpg</c> and <c>annotations/instances_{train,val,trainval}.json</c> with compressed run-length masks. All ids
/// start at 1: pycocotools takes annotation 0 for "no match". Categories are the classes without background, under their own indices.
/// </summary>
internal sealed class CocoExporter : IDatasetFormat
{
    /// <inheritdoc />
    public string Name => "coco";

    /// <inheritdoc />
    public string DataRoot => "";

    /// <inheritdoc />
    public IDatasetWriter Begin(string folder, ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new Writer(folder, options);
    }

    private sealed record Annotation(byte Category, string Counts, long Area, BoundingBox Box);

    private sealed record ImageEntry(CocoImageEntry Image, DatasetPart Part, IReadOnlyList<Annotation> Annotations);

    private sealed class Writer : IDatasetWriter
    {
        private readonly string _images, _annotations;
        private readonly ExportOptions _options;
        private readonly List<ImageEntry> _entries = [];

        internal Writer(string folder, ExportOptions options)
        {
            _images = Directory.CreateDirectory(Path.Combine(folder, "images")).FullName;
            _annotations = Directory.CreateDirectory(Path.Combine(folder, "annotations")).FullName;
            _options = options;
        }

        public void Add(ExportItem item, DatasetPart part, ExportSample sample)
        {
            var file = item.Id + ".jpg";
            File.WriteAllBytes(Path.Combine(_images, file), ImageCodec.EncodeJpeg(sample.Image));
            var annotations = new List<Annotation>();
            for (var instance = 1; instance <= sample.InstanceClasses.Count; instance++)
            {
                var runs = RunLengthMask.Encode(sample.Mask(instance), sample.Image.Width);
                if (runs.Area > 0)
                    annotations.Add(new Annotation(
                        _options.Labels[sample.InstanceClasses[instance - 1]].Value,
                        runs.ToCompressed(),
                        runs.Area,
                        runs.BoundingBox
                    ));
            }

            var entry = new CocoImageEntry(_entries.Count + 1, file, sample.Image.Width, sample.Image.Height);
            _entries.Add(new ImageEntry(entry, part, annotations));
        }

        public void Complete()
        {
            Write("train", _entries.Where(p => p.Part == DatasetPart.Train));
            Write("val", _entries.Where(p => p.Part == DatasetPart.Val));
            Write("trainval", _entries);
        }

        private void Write(string name, IEnumerable<ImageEntry> entries)
        {
            // A part without images is no part: readers fail on an empty one.
            if (!entries.Any()) return;
            CocoJson.WriteFile(Path.Combine(_annotations, $"instances_{name}.json"), _options.Title, json =>
            {
                CocoJson.WriteCategories(json, _options.Labels);
                CocoJson.WriteImages(json, entries.Select(p => p.Image));
                WriteAnnotations(json, entries);
            });
        }

        private static void WriteAnnotations(Utf8JsonWriter json, IEnumerable<ImageEntry> entries)
        {
            var id = 1;
            var annotations = entries.SelectMany(p => p.Annotations.Select(annotation => (p.Image, Annotation: annotation)));
            CocoJson.WriteObjects(json, "annotations", annotations, item =>
            {
                json.WriteNumber("id", id++);
                json.WriteNumber("image_id", item.Image.Id);
                json.WriteNumber("category_id", item.Annotation.Category);
                json.WriteNumber("iscrowd", 0);
                json.WriteNumber("area", item.Annotation.Area);
                CocoJson.WriteBox(json, item.Annotation.Box);
                json.WriteStartObject("segmentation");
                CocoJson.WriteNumbers(json, "size", item.Image.Height, item.Image.Width);
                json.WriteString("counts", item.Annotation.Counts);
                json.WriteEndObject();
            });
        }
    }
}
