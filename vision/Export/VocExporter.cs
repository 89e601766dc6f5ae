using FreeMask.Imaging;
using FreeMask.Vision.Datasets;

namespace FreeMask.Vision.Export;

/// <summary>
/// PASCAL VOC 2012's layout, as torchvision, mmseg and datumaro read it: JPEGImages, SegmentationClass and SegmentationObject (indexed
/// PNG), ImageSets/Segmentation, and <c>labelmap.txt</c>: without that file datumaro takes VOC's names, and void for a class "ignored" that
/// has objects.
/// </summary>
internal sealed class VocExporter : IDatasetFormat
{
    /// <inheritdoc />
    public string Name => "voc";

    /// <inheritdoc />
    public string DataRoot => Path.Combine("VOCdevkit", "VOC2012");

    /// <inheritdoc />
    public IDatasetWriter Begin(string folder, ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new Writer(Path.Combine(folder, DataRoot), options);
    }

    private sealed class Writer : IDatasetWriter
    {
        private readonly string _images, _classes, _objects, _lists;
        private readonly LabelSet _labels;
        private readonly List<string>[] _parts = [[], []];

        internal Writer(string root, ExportOptions options)
        {
            _images = Make(root, "JPEGImages");
            _classes = Make(root, "SegmentationClass");
            _objects = Make(root, "SegmentationObject");
            _lists = Make(root, "ImageSets", "Segmentation");
            VocLabelMap.Write(Path.Combine(root, "labelmap.txt"), options.Classes, options.Labels.Color);
            _labels = options.Labels;
        }

        public void Add(ExportItem item, DatasetPart part, ExportSample sample)
        {
            File.WriteAllBytes(Path.Combine(_images, item.Id + ".jpg"), ImageCodec.EncodeJpeg(sample.Image));
            IndexedPng.Save(_labels.ToValues(sample.Labels), Path.Combine(_classes, item.Id + ".png"), _labels.ColorOfValue);
            IndexedPng.Save(sample.Instances, Path.Combine(_objects, item.Id + ".png"));
            _parts[(int)part].Add(item.Id);
        }

        public void Complete()
        {
            WriteList("train", _parts[(int)DatasetPart.Train]);
            WriteList("val", _parts[(int)DatasetPart.Val]);
            WriteList("trainval", _parts.SelectMany(p => p));
        }

        // A part without samples is no part: readers fail on an empty list.
        private void WriteList(string name, IEnumerable<string> ids)
        {
            var lines = string.Concat(ids.Order(StringComparer.Ordinal).Select(id => id + "\n"));
            if (lines.Length > 0) File.WriteAllText(Path.Combine(_lists, name + ".txt"), lines);
        }

        private static string Make(params string[] parts) => Directory.CreateDirectory(Path.Combine(parts)).FullName;
    }
}
