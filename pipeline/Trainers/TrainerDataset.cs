using System.Globalization;
using System.Text.Json.Nodes;
using FreeMask.Imaging;
using FreeMask.Json;
using FreeMask.Vision;
using FreeMask.Vision.Export;

namespace FreeMask.Pipeline.Trainers;

/// <summary>
/// The data set of a training program: COCO panoptic with lossless images, <c>images/{train,val}</c>,
/// <c>annotations/panoptic_{train,val}.json</c> and folders of PNG of the same names. Each class of an image is one segment, background
/// included; pixels of segment 0 are unknown. The id of a segment is 1 + its category, R + 256 G + 65536 B.
/// </summary>
internal sealed record TrainerDataset(int Train, int Validation, int LongestSide)
{
    /// <summary>The folder of the data set in that of the job.</summary>
    internal const string Folder = "dataset";


    /// <summary>The images of a part, relative to the job file.</summary>
    internal static string ImagesOf(DatasetPart part) => $"{Folder}/images/{part.Name()}";

    /// <summary>The segments of a part, relative to the job file; the annotations are beside it, with the extension json.</summary>
    internal static string SegmentsOf(DatasetPart part) => $"{Folder}/annotations/panoptic_{part.Name()}";

    /// <summary>The categories: every class with its id, name and color.</summary>
    internal static JsonArray Categories(LabelSet classes) =>
        new([.. classes.Names.Select((name, id) => (JsonNode)Category(classes, name, (byte)id))]);

    /// <summary>Writes the examples.</summary>
    /// <param name="folder">The folder of the job.</param>
    /// <param name="examples">At least one.</param>
    /// <param name="classes">The label set of the run.</param>
    /// <param name="validationShare">The share of each class that is written as <c>val</c>.</param>
    /// <param name="seed">The seed of the split.</param>
    /// <param name="stop">Cancels between two examples.</param>
    internal static async Task<TrainerDataset> WriteAsync(
        string folder,
        TrainerExamples examples,
        LabelSet classes,
        double validationShare,
        ulong seed,
        CancellationToken stop
    )
    {
        var (items, longest) = (new ExportItem[examples.Count], 0);
        for (var i = 0; i < items.Length; i++)
        {
            var labels = await examples.LabelsAsync(i, stop);
            items[i] = new ExportItem(Name(i), ExportSample.ClassesOf(labels));
            longest = Math.Max(longest, Math.Max(labels.Width, labels.Height));
        }

        var parts = DatasetSplit.Make(items, validationShare, seed);
        var (images, annotations) = (new Dictionary<DatasetPart, JsonArray>(), new Dictionary<DatasetPart, JsonArray>());
        foreach (var part in new[] { DatasetPart.Train, DatasetPart.Val })
        {
            Directory.CreateDirectory(Path.Combine(folder, ImagesOf(part)));
            Directory.CreateDirectory(Path.Combine(folder, SegmentsOf(part)));
            (images[part], annotations[part]) = ([], []);
        }

        for (var i = 0; i < examples.Count; i++)
        {
            var (part, file) = (parts[i], items[i].Id + ".png");
            var map = await examples.LabelsAsync(i, stop);
            await File.WriteAllBytesAsync(Path.Combine(folder, ImagesOf(part), file), await examples.PngAsync(i, stop), stop);
            var (segments, pixels) = Segments(map, classes.Names.Count, examples.NameOf(i));
            await File.WriteAllBytesAsync(Path.Combine(folder, SegmentsOf(part), file), ImageCodec.EncodePng(pixels), stop);
            images[part].Add(new JsonObject { ["id"] = i + 1, ["file_name"] = file, ["width"] = map.Width, ["height"] = map.Height });
            annotations[part].Add(new JsonObject { ["image_id"] = i + 1, ["file_name"] = file, ["segments_info"] = segments });
        }

        foreach (var part in images.Keys)
        {
            var document = new JsonObject
            {
                ["images"] = images[part],
                ["annotations"] = annotations[part],
                ["categories"] = Categories(classes),
            };
            var path = Path.Combine(folder, SegmentsOf(part) + ".json");
            await File.WriteAllTextAsync(path, document.ToJsonString(JsonFormats.Relaxed), stop);
        }

        return new TrainerDataset(images[DatasetPart.Train].Count, images[DatasetPart.Val].Count, longest);
    }

    private static string Name(int index) => index.ToString("000000", CultureInfo.InvariantCulture);

    private static JsonObject Category(LabelSet classes, string name, byte id)
    {
        var (r, g, b) = classes.Color(id);
        return new JsonObject
        {
            ["id"] = id,
            ["name"] = name,
            ["color"] = new JsonArray(r, g, b),
            ["isthing"] = id != LabelMap.Background && classes[id].IsThing ? 1 : 0,
        };
    }

    private static (JsonArray Segments, RgbImage Pixels) Segments(LabelMap map, int classes, string name)
    {
        var boxes = new (int Left, int Top, int Right, int Bottom, int Area)[classes];
        var pixels = new RgbImage(map.Width, map.Height);
        for (var i = 0; i < map.Labels.Length; i++)
        {
            var label = map.Labels[i];
            if (label == LabelMap.Ignore) continue;
            if (label >= classes) throw new FreeMaskException($"The label map {name} has the class {label}; the largest is {classes - 1}.");
            var (x, y) = (i % map.Width, i / map.Width);
            ref var box = ref boxes[label];
            if (box.Area == 0) box = (x, y, x, y, 0);
            box = (Math.Min(box.Left, x), Math.Min(box.Top, y), Math.Max(box.Right, x), Math.Max(box.Bottom, y), box.Area + 1);
            pixels.Pixels[3 * i] = (byte)(label + 1);
        }

        var segments = new JsonArray();
        for (var label = 0; label < classes; label++)
        {
            var box = boxes[label];
            if (box.Area == 0) continue;
            segments.Add(
                new JsonObject
                {
                    ["id"] = label + 1,
                    ["category_id"] = label,
                    ["area"] = box.Area,
                    ["bbox"] = new JsonArray(box.Left, box.Top, box.Right - box.Left + 1, box.Bottom - box.Top + 1),
                    ["iscrowd"] = 0,
                }
            );
        }

        return (segments, pixels);
    }
}
