using System.Globalization;
using System.Text.Json;
using FreeMask.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>
/// FiftyOne's <c>ImageSegmentationDirectory</c>: <c>data/*.jpg</c>, <c>labels/*.png</c> of the same stems (grey, the value is the class),
/// and <c>mask_targets.json</c> for
/// <c>dataset.default_mask_targets</c>. One folder for each of train and val.
/// </summary>
internal sealed class FiftyOneExporter : IDatasetFormat
{
    /// <inheritdoc />
    public string Name => "fiftyone";

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
        public void Add(ExportItem item, DatasetPart part, ExportSample sample)
        {
            var split = Path.Combine(folder, part.Name());
            var (data, labels) = (
                Directory.CreateDirectory(Path.Combine(split, "data")).FullName,
                Directory.CreateDirectory(Path.Combine(split, "labels")).FullName
            );
            File.WriteAllBytes(Path.Combine(data, item.Id + ".jpg"), ImageCodec.EncodeJpeg(sample.Image));
            File.WriteAllBytes(Path.Combine(labels, item.Id + ".png"), IndexedPng.EncodeGrey(options.Labels.ToValues(sample.Labels)));
        }

        public void Complete()
        {
            var targets = options.Labels.Values.Zip(options.Classes).ToDictionary(
                c => c.First.ToString(CultureInfo.InvariantCulture),
                c => c.Second
            );
            targets["255"] = "void";
            File.WriteAllBytes(Path.Combine(folder, "mask_targets.json"), JsonSerializer.SerializeToUtf8Bytes(targets));
        }
    }
}
