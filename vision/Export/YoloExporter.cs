using System.Globalization;
using System.Text;
using FreeMask.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>
/// YOLO segmentation: <c>images/{train,val}</c>, <c>labels/{train,val}</c> with a line an object, <c>data.yaml</c>. Class 0 is the first
/// class after background.
/// <c>data.yaml</c> has no <c>path</c>: ultralytics takes a relative one from the current folder, and without it from where the file lies.
/// It needs both parts; where one has no image, the other stands for it.
/// </summary>
/// <remarks>
/// The format knows neither parts nor holes: an object is one closed outline that goes over to its parts and holes and back, which readers
/// fill to the same pixels (the even-odd rule) but for the bridges between parts.
/// Coordinates are (index + 0.25) / size, at which readers that round and readers that truncate come to the same pixel.
/// </remarks>
internal sealed class YoloExporter : IDatasetFormat
{
    private const int LeastPoints = 3;

    /// <inheritdoc />
    public string Name => "yolo";

    /// <inheritdoc />
    public string DataRoot => "";

    /// <inheritdoc />
    public IDatasetWriter Begin(string folder, ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new Writer(folder, options);
    }

    /// <summary>The outline of an object as one closed line; null where it has no pixel.</summary>
    internal static List<(int X, int Y)>? Outline(ReadOnlySpan<byte> mask, int width)
    {
        var line = OutlineTracer.Object(mask, width);
        while (line?.Count < LeastPoints) line.Add(line[^1]);
        return line;
    }

    private sealed class Writer : IDatasetWriter
    {
        private readonly string _folder;
        private readonly ExportOptions _options;
        private readonly HashSet<string> _parts = new(StringComparer.Ordinal);

        internal Writer(string folder, ExportOptions options) => (_folder, _options) = (folder, options);

        public void Add(ExportItem item, DatasetPart part, ExportSample sample)
        {
            var split = part.Name();
            if (_parts.Add(split))
                foreach (var kind in new[] { "images", "labels" }) Directory.CreateDirectory(Path.Combine(_folder, kind, split));
            File.WriteAllBytes(Path.Combine(_folder, "images", split, item.Id + ".jpg"), ImageCodec.EncodeJpeg(sample.Image));
            var lines = new StringBuilder();
            for (var instance = 1; instance <= sample.InstanceClasses.Count; instance++)
            {
                if (Outline(sample.Mask(instance), sample.Image.Width) is not { } outline) continue;
                lines.Append(CultureInfo.InvariantCulture, $"{sample.InstanceClasses[instance - 1] - 1}");
                foreach (var (x, y) in outline)
                    lines.Append(
                        CultureInfo.InvariantCulture,
                        $" {(x + 0.25) / sample.Image.Width:0.000000} {(y + 0.25) / sample.Image.Height:0.000000}"
                    );
                lines.Append('\n');
            }

            File.WriteAllText(Path.Combine(_folder, "labels", split, item.Id + ".txt"), lines.ToString());
        }

        public void Complete()
        {
            string Part(string name) => _parts.Count == 0 || _parts.Contains(name) ? name : _parts.First();
            var text = new StringBuilder($"train: images/{Part("train")}\nval: images/{Part("val")}\nnames:\n");
            for (var c = 1; c < _options.Classes.Count; c++)
                text.Append(CultureInfo.InvariantCulture, $"  {c - 1}: {_options.Classes[c]}\n");
            File.WriteAllText(Path.Combine(_folder, "data.yaml"), text.ToString());
        }
    }
}
