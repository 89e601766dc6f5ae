using System.Text.Json.Nodes;
using FreeMask.Imaging;
using FreeMask.Json;

namespace FreeMask.Vision.Export;

/// <summary>
/// An image folder for Hugging Face's <c>datasets</c>: <c>train</c> and <c>validation</c>, each with images, label maps (grey PNG) and
/// <c>metadata.jsonl</c>, whose
/// <c>file_name</c> and <c>label_file_name</c> become the columns <c>image</c> and <c>label</c> and whose other fields become columns of
/// their own.
/// </summary>
internal sealed class HuggingFaceExporter : IDatasetFormat
{
    /// <inheritdoc />
    public string Name => "huggingface";

    /// <inheritdoc />
    public string DataRoot => "";

    /// <inheritdoc />
    public IDatasetWriter Begin(string folder, ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new Writer(folder, options);
    }

    private sealed class Writer(string folder, ExportOptions options) : IDatasetWriter
    {
        private readonly Dictionary<string, List<string>> _lines = new(StringComparer.Ordinal);

        public void Add(ExportItem item, DatasetPart part, ExportSample sample)
        {
            var split = part == DatasetPart.Val ? "validation" : "train";
            var (images, labels) = (
                Directory.CreateDirectory(Path.Combine(folder, split, "images")).FullName,
                Directory.CreateDirectory(Path.Combine(folder, split, "labels")).FullName
            );
            File.WriteAllBytes(Path.Combine(images, item.Id + ".jpg"), ImageCodec.EncodeJpeg(sample.Image));
            File.WriteAllBytes(Path.Combine(labels, item.Id + ".png"), IndexedPng.EncodeGrey(options.Labels.ToValues(sample.Labels)));
            var line = new JsonObject
            {
                ["file_name"] = $"images/{item.Id}.jpg",
                ["label_file_name"] = $"labels/{item.Id}.png",
                ["id"] = item.Id,
                ["objects"] = new JsonArray([.. sample.InstanceClasses.Select(c => (JsonNode)options.Classes[c])]),
            };
            ExportMetadata.AddTo(line, item, Column);
            if (!_lines.TryGetValue(split, out var known)) _lines[split] = known = [];
            known.Add(line.ToJsonString(JsonFormats.Relaxed));
        }

        // The reader makes the columns image and label of the file names: a field of such a name would take their place.
        private static string Column(string field) =>
            field is "image" or "label"
            || field.EndsWith("file_name", StringComparison.Ordinal)
            || field.EndsWith("file_names", StringComparison.Ordinal)
                ? field + "_value"
                : field;

        public void Complete()
        {
            foreach (var (split, lines) in _lines)
                File.WriteAllText(Path.Combine(folder, split, "metadata.jsonl"), string.Concat(lines.Select(line => line + "\n")));
        }
    }
}
