using System.Text.Encodings.Web;
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

    private sealed record ImageEntry(int Id, string Stem, int Width, int Height, DatasetPart Part, IReadOnlyList<Segment> Segments);

    private sealed class Writer(string folder, ExportOptions options) : IDatasetWriter
    {
        private readonly List<ImageEntry> _pictures = [];

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
                var id = (1000 * sample.InstanceClasses[instance - 1]) + instance;
                for (var i = 0; i < mask.Length; i++)
                    if (mask[i] != 0) (ids.Pixels[3 * i], ids.Pixels[(3 * i) + 1]) = ((byte)id, (byte)(id >> 8));
                segments.Add(new Segment(id, sample.InstanceClasses[instance - 1], runs.Area, runs.BoundingBox));
            }

            Write(["images", part.Name(), item.Id + ".jpg"], ImageCodec.EncodeJpeg(sample.Image));
            Write(["annotations", "panoptic_" + part.Name(), item.Id + ".png"], ImageCodec.EncodePng(ids));
            _pictures.Add(new ImageEntry(_pictures.Count + 1, item.Id, width, height, part, segments));
        }

        public void Complete()
        {
            Directory.CreateDirectory(Path.Combine(folder, "annotations"));
            foreach (var part in new[] { DatasetPart.Train, DatasetPart.Val })
            {
                // A part without images is no part: readers fail on an empty one.
                if (!_pictures.Exists(p => p.Part == part)) continue;
                using var stream = File.Create(Path.Combine(folder, "annotations", $"panoptic_{part.Name()}.json"));
                JsonSerializer.Serialize(
                    stream,
                    Document([.. _pictures.Where(p => p.Part == part)]),
                    new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
                );
            }
        }

        private object Document(ImageEntry[] pictures) =>
            new
            {
                info = new { description = options.Title },
                licenses = Array.Empty<object>(),
                images = pictures.Select(p => new
                {
                    id = p.Id,
                    file_name = p.Stem + ".jpg",
                    width = p.Width,
                    height = p.Height,
                }),
                annotations = pictures.Select(p => new
                {
                    image_id = p.Id,
                    file_name = p.Stem + ".png",
                    segments_info = p.Segments.Select(s => new
                    {
                        id = s.Id,
                        category_id = (int)s.Category,
                        area = s.Area,
                        bbox = new[] { (long)s.Box.X, (long)s.Box.Y, (long)s.Box.Width, (long)s.Box.Height },
                        iscrowd = 0,
                    }),
                }),
                categories = options
                    .Classes.Skip(1)
                    .Select(
                        (name, i) =>
                            new
                            {
                                id = i + 1,
                                name,
                                supercategory = "object",
                                isthing = options.Labels[i + 1].IsThing ? 1 : 0,
                                color = Color((byte)(i + 1)),
                            }
                    ),
            };

        private int[] Color(byte index)
        {
            var (r, g, b) = options.Labels.Color(index);
            return [r, g, b];
        }

        private void Write(string[] parts, byte[] bytes)
        {
            var path = Path.Combine([folder, .. parts]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }
    }
}
