using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Vision.Datasets;

namespace FreeMask.Vision.Export;

/// <summary>
/// Cityscapes: <c>leftImg8bit</c> and <c>gtFine</c> by split and "city", with label ids, 16-bit instance ids (1000 x class + object), train
/// ids, colors and polygons. Classes that Cityscapes does not know become unlabeled, as background and void are.
/// </summary>
internal sealed class CityscapesExporter : IDatasetFormat
{
    private const string City = "freemask";

    // The frame that Cityscapes annotates of each sequence of thirty.
    private const int Frame = 19;

    /// <inheritdoc />
    public string Name => "cityscapes";

    /// <inheritdoc />
    public string DataRoot => "";

    /// <inheritdoc />
    public IDatasetWriter Begin(string folder, ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        CityscapesClass[] classes = [.. options.Classes.Select(CityscapesClasses.Of)];
        return classes.Any(c => c != CityscapesClasses.Unlabeled)
            ? new Writer(folder, classes)
            : throw new FreeMaskException(
                "None of the classes is one of Cityscapes' (person, car, bus, train, motorcycle, bicycle, ...); choose another format."
            );
    }

    private sealed class Writer(string folder, CityscapesClass[] classes) : IDatasetWriter
    {
        private int _sequence;

        public void Add(ExportItem item, DatasetPart part, ExportSample sample)
        {
            var split = part.Name();
            var stem = string.Create(CultureInfo.InvariantCulture, $"{City}_{_sequence++:000000}_{Frame:000000}");
            var (width, height) = (sample.Image.Width, sample.Image.Height);
            var images = Directory.CreateDirectory(Path.Combine(folder, "leftImg8bit", split, City)).FullName;
            var truth = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "gtFine", split, City)).FullName, stem + "_gtFine_");
            var (ids, trainIds, instances, color) = Maps(sample);
            File.WriteAllBytes(Path.Combine(images, stem + "_leftImg8bit.png"), ImageCodec.EncodePng(sample.Image));
            File.WriteAllBytes(truth + "labelIds.png", IndexedPng.EncodeGrey(ids));
            File.WriteAllBytes(truth + "labelTrainIds.png", IndexedPng.EncodeGrey(trainIds));
            File.WriteAllBytes(truth + "instanceIds.png", IndexedPng.EncodeIds(width, height, instances));
            File.WriteAllBytes(truth + "color.png", PngWriter.Rgba(width, height, color, CompressionLevel.Optimal));
            File.WriteAllBytes(truth + "polygons.json", JsonSerializer.SerializeToUtf8Bytes(Polygons(sample)));
        }

        public void Complete()
        {
        }

        private (LabelMap Ids, LabelMap TrainIds, ushort[] Instances, byte[] Color) Maps(ExportSample sample)
        {
            var (width, height, size) = (sample.Image.Width, sample.Image.Height, sample.Labels.Labels.Length);
            var (ids, trainIds, instances, color) = (
                new LabelMap(width, height),
                new LabelMap(width, height),
                new ushort[size],
                new byte[4 * size]
            );
            var numbers = Numbers(sample);
            for (var i = 0; i < size; i++)
            {
                var label = sample.Labels.Labels[i];
                var city = label == LabelMap.Ignore ? CityscapesClasses.Unlabeled : classes[label];
                (ids.Labels[i], trainIds.Labels[i]) = (city.Id, city.TrainId);
                instances[i] = city.IsThing ? (ushort)((1000 * city.Id) + numbers[sample.Instances.Labels[i] - 1]) : city.Id;
                (color[4 * i], color[(4 * i) + 1], color[(4 * i) + 2], color[(4 * i) + 3]) = (
                    city.Color.R,
                    city.Color.G,
                    city.Color.B,
                    255
                );
            }

            return (ids, trainIds, instances, color);
        }

        /// <summary>The number of each object within its class, from 0.</summary>
        private int[] Numbers(ExportSample sample)
        {
            var counts = new Dictionary<byte, int>();
            return [.. sample.InstanceClasses.Select(c => (counts[classes[c].Id] = counts.GetValueOrDefault(classes[c].Id) + 1) - 1)];
        }

        private object Polygons(ExportSample sample)
        {
            var (width, height) = (sample.Image.Width, sample.Image.Height);
            var objects = new List<object>
            {
                new
                {
                    label = CityscapesClasses.Unlabeled.Name,
                    polygon = new[] { new[] { 0, 0 }, [width, 0], [width, height], [0, height] },
                },
            };
            for (var instance = 1; instance <= sample.InstanceClasses.Count; instance++)
            {
                var city = classes[sample.InstanceClasses[instance - 1]];
                if (city == CityscapesClasses.Unlabeled) continue;
                if (OutlineTracer.Object(sample.Mask(instance), width) is { Count: >= 3 } outline)
                    objects.Add(new { label = city.Name, polygon = outline.Select(p => new[] { p.X, p.Y }) });
            }

            return new { imgHeight = height, imgWidth = width, objects };
        }
    }
}
