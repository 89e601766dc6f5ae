using FreeMask.Imaging;
using FreeMask.Vision.Datasets;

namespace FreeMask.Vision.Export;

/// <summary>
/// CVAT's "Segmentation mask 1.1": VOC's folders with colors instead of indices, one list <c>default.txt</c>, and a <c>labelmap.txt</c>
/// that declares every color, void's included. Zip the folder to import it.
/// </summary>
internal sealed class CvatExporter : IDatasetFormat
{
    /// <inheritdoc />
    public string Name => "cvat";

    /// <inheritdoc />
    public string DataRoot => "";

    /// <inheritdoc />
    public IDatasetWriter Begin(string folder, ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new Writer(folder, options);
    }

    private sealed class Writer : IDatasetWriter
    {
        private readonly string _folder;
        private readonly ExportOptions _options;
        private readonly List<string> _ids = [];

        internal Writer(string folder, ExportOptions options)
        {
            (_folder, _options) = (folder, options);
            foreach (
                var part in new[] { "JPEGImages", "SegmentationClass", "SegmentationObject", Path.Combine("ImageSets", "Segmentation") }
            )
                Directory.CreateDirectory(Path.Combine(folder, part));
        }

        public void Add(ExportItem item, DatasetPart part, ExportSample sample)
        {
            File.WriteAllBytes(Path.Combine(_folder, "JPEGImages", item.Id + ".jpg"), ImageCodec.EncodeJpeg(sample.Image));
            File.WriteAllBytes(
                Path.Combine(_folder, "SegmentationClass", item.Id + ".png"),
                Colored(sample.Labels, _options.Labels.Color, voidIsBackground: false)
            );
            File.WriteAllBytes(
                Path.Combine(_folder, "SegmentationObject", item.Id + ".png"),
                Colored(sample.Instances, VocPalette.Color, voidIsBackground: true)
            );
            _ids.Add(item.Id);
        }

        public void Complete()
        {
            File.WriteAllText(
                Path.Combine(_folder, "ImageSets", "Segmentation", "default.txt"),
                string.Concat(_ids.Order(StringComparer.Ordinal).Select(id => id + "\n"))
            );
            VocLabelMap.Write(Path.Combine(_folder, "labelmap.txt"), _options.Classes, _options.Labels.Color);
        }

        private static byte[] Colored(LabelMap map, Func<byte, (byte R, byte G, byte B)> colorOf, bool voidIsBackground)
        {
            var image = new RgbImage(map.Width, map.Height);
            for (var i = 0; i < map.Labels.Length; i++)
            {
                var index = voidIsBackground && map.Labels[i] == LabelMap.Ignore ? LabelMap.Background : map.Labels[i];
                (image.Pixels[3 * i], image.Pixels[(3 * i) + 1], image.Pixels[(3 * i) + 2]) = colorOf(index);
            }

            return ImageCodec.EncodePng(image);
        }
    }
}
