using System.Text.Encodings.Web;
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

    private sealed record ImageEntry(int Id, string File, int Width, int Height, DatasetPart Part, IReadOnlyList<Annotation> Annotations);

    private sealed class Writer : IDatasetWriter
    {
        private readonly string _images, _annotations;
        private readonly ExportOptions _options;
        private readonly List<ImageEntry> _pictures = [];

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
                    annotations.Add(new Annotation(sample.InstanceClasses[instance - 1], runs.ToCompressed(), runs.Area, runs.BoundingBox));
            }

            _pictures.Add(new ImageEntry(_pictures.Count + 1, file, sample.Image.Width, sample.Image.Height, part, annotations));
        }

        public void Complete()
        {
            Write("train", _pictures.Where(p => p.Part == DatasetPart.Train));
            Write("val", _pictures.Where(p => p.Part == DatasetPart.Val));
            Write("trainval", _pictures);
        }

        private void Write(string name, IEnumerable<ImageEntry> pictures)
        {
            // A part without images is no part: readers fail on an empty one.
            if (!pictures.Any()) return;
            using var stream = File.Create(Path.Combine(_annotations, $"instances_{name}.json"));
            using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
            json.WriteStartObject();
            json.WriteStartObject("info");
            json.WriteString("description", _options.Title);
            json.WriteEndObject();
            json.WriteStartArray("licenses");
            json.WriteEndArray();
            WriteCategories(json);
            WriteImages(json, pictures);
            WriteAnnotations(json, pictures);
            json.WriteEndObject();
        }

        private void WriteCategories(Utf8JsonWriter json)
        {
            json.WriteStartArray("categories");
            for (var c = 1; c < _options.Classes.Count; c++)
            {
                json.WriteStartObject();
                json.WriteNumber("id", c);
                json.WriteString("name", _options.Classes[c]);
                json.WriteString("supercategory", "object");
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        private static void WriteImages(Utf8JsonWriter json, IEnumerable<ImageEntry> pictures)
        {
            json.WriteStartArray("images");
            foreach (var picture in pictures)
            {
                json.WriteStartObject();
                json.WriteNumber("id", picture.Id);
                json.WriteString("file_name", picture.File);
                json.WriteNumber("width", picture.Width);
                json.WriteNumber("height", picture.Height);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        private static void WriteAnnotations(Utf8JsonWriter json, IEnumerable<ImageEntry> pictures)
        {
            var id = 1;
            json.WriteStartArray("annotations");
            foreach (var picture in pictures)
                foreach (var annotation in picture.Annotations) WriteAnnotation(json, id++, picture, annotation);
            json.WriteEndArray();
        }

        private static void WriteAnnotation(Utf8JsonWriter json, int id, ImageEntry picture, Annotation annotation)
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteNumber("image_id", picture.Id);
            json.WriteNumber("category_id", annotation.Category);
            json.WriteNumber("iscrowd", 0);
            json.WriteNumber("area", annotation.Area);
            json.WriteStartArray("bbox");
            json.WriteNumberValue((long)annotation.Box.X);
            json.WriteNumberValue((long)annotation.Box.Y);
            json.WriteNumberValue((long)annotation.Box.Width);
            json.WriteNumberValue((long)annotation.Box.Height);
            json.WriteEndArray();
            json.WriteStartObject("segmentation");
            json.WriteStartArray("size");
            json.WriteNumberValue(picture.Height);
            json.WriteNumberValue(picture.Width);
            json.WriteEndArray();
            json.WriteString("counts", annotation.Counts);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }
}
