using System.Text.Json;
using FreeMask.Imaging;

namespace FreeMask.Vision.Datasets;

/// <summary>An object without its outline, which is read where it lies in the file when the image is needed.</summary>
/// <param name="Label">Its class; 255 for a crowd.</param>
/// <param name="Area">In pixels; null where the file does not say.</param>
/// <param name="Offset">Where its entry begins in the file.</param>
/// <param name="Length">Bytes of its entry.</param>
internal readonly record struct CocoObject(byte Label, double? Area, long Offset, int Length);

/// <summary>A listed image.</summary>
internal sealed record CocoImage(string File, int Width, int Height, IReadOnlyList<CocoObject> Objects);

/// <summary>What a file of COCO's instances holds. An object is one small record; outlines stay in the file.</summary>
/// <param name="Labels">Background and the categories by id; categories of one name are one class, and one named background is
/// background.</param>
/// <param name="Images">By file name.</param>
/// <param name="Notes">What was left out.</param>
internal sealed record CocoFile(IReadOnlyList<string> Labels, IReadOnlyList<CocoImage> Images, IReadOnlyList<string> Notes)
{
    private const string Background = "background";

    /// <summary>Reads a file.</summary>
    /// <exception cref="FreeMaskException">It is not COCO's, or an entry contradicts itself or another.</exception>
    internal static CocoFile Read(string path)
    {
        try
        {
            return new Reader(path).Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new FreeMaskException($"{path} is not COCO's instances: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Whether a file lists an image.</summary>
    internal static bool HasImages(string path)
    {
        var found = false;
        try
        {
            using var stream = File.OpenRead(path);
            JsonArrayReader.Walk(stream, (array, _, _) => !(found |= array == "images"));
            return found;
        }
        catch (JsonException)
        {
            // The file is there; what is wrong with it is told when it is opened.
            return true;
        }
    }

    private sealed class Reader(string path)
    {
        private readonly List<(CocoId Id, string Name)> _categories = [];
        private readonly List<(CocoId Id, string File, int Width, int Height, string Entry)> _images = [];
        private readonly List<(CocoId Image, CocoId Category, bool IsCrowd, bool HasOutline, CocoObject Object, int Index)> _objects = [];
        private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

        internal CocoFile Read()
        {
            using (var stream = File.OpenRead(path)) JsonArrayReader.Walk(stream, Visit);
            if (_categories.Count == 0 && _images.Count == 0) throw new FormatException("it has neither categories nor images.");
            var (names, labels) = Classes();
            if (_images.Count == 0) throw new FreeMaskException($"{path} lists no images.");
            var places = Places();
            var objects = new List<CocoObject>[places.Count];
            var (strays, bare) = (0, 0);
            foreach (var item in _objects)
            {
                if (!labels.TryGetValue(item.Category, out var label))
                    throw new FormatException(
                        $"annotations[{item.Index}] is not usable: its category_id {item.Category} is not in its categories."
                    );
                if (!places.TryGetValue(item.Image, out var place)) strays++;
                else if (!item.HasOutline) bare++;
                else (objects[place] ??= []).Add(item.Object with { Label = item.IsCrowd ? LabelMap.Ignore : label });
            }

            List<string> notes = [];
            if (bare > 0)
                notes.Add(
                    $"{bare} of {_objects.Count} objects of {path} have no outline (an empty segmentation) and are left out: their "
                        + "pixels count as background."
                );
            if (strays > 0) notes.Add($"{strays} of {_objects.Count} objects of {path} belong to images that it does not list.");
            var found = places.Values.Select(i => new CocoImage(_images[i].File, _images[i].Width, _images[i].Height, objects[i] ?? []));
            return new([.. names], [.. found.OrderBy(p => p.File, StringComparer.Ordinal)], notes);
        }

        private bool Visit(string array, long offset, ReadOnlyMemory<byte> text)
        {
            if (array is not ("categories" or "images" or "annotations")) return true;
            using var document = JsonDocument.Parse(text);
            var index = _counts[array] = _counts.GetValueOrDefault(array, -1) + 1;
            var entry = new CocoEntry(array, index, document.RootElement);
            if (array == "categories")
                _categories.Add((entry.Id("id"), entry.Text("name")));
            else if (array == "images")
                _images.Add((entry.Id("id"), entry.Text("file_name"), entry.Side("width"), entry.Side("height"), entry.Name));
            else
                _objects.Add(
                    (
                        entry.Id("image_id"),
                        entry.Id("category_id"),
                        entry.Flag("iscrowd"),
                        HasOutline(entry),
                        new(0, entry.Number("area"), offset, text.Length),
                        index
                    )
                );
            return true;
        }

        private static bool HasOutline(CocoEntry entry) => entry.Optional("segmentation") is var outline && outline.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => false,
            JsonValueKind.Array => CocoOutline.HasPolygon(outline),
            JsonValueKind.Object => true,
            _ => throw entry.Bad("segmentation", "is neither a list of polygons nor run lengths"),
        };

        /// <summary>Class names, and the label of each category.</summary>
        private (List<string> Names, Dictionary<CocoId, byte> Labels) Classes()
        {
            var (names, labels) = (new List<string> { Background }, new Dictionary<CocoId, byte>());
            foreach (var (id, name) in _categories.OrderBy(c => c.Id))
            {
                var label = names.FindIndex(known =>
                    known.Equals(name, known == Background ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal)
                );
                if (label < 0)
                {
                    label = names.Count;
                    names.Add(name);
                }

                if (!labels.TryAdd(id, (byte)label) && labels[id] != (byte)label)
                    throw new FormatException($"two categories have the id {id}: '{names[labels[id]]}' and '{name}'.");
            }

            return names.Count is > 1 and <= LabelMap.Ignore
                ? (names, labels)
                : throw new FreeMaskException($"{path} has {names.Count - 1} categories; 1 to {LabelMap.Ignore - 1} are possible.");
        }

        /// <summary>Where each id stands in the list of images.</summary>
        private Dictionary<CocoId, int> Places()
        {
            var places = new Dictionary<CocoId, int>();
            for (var i = 0; i < _images.Count; i++)
            {
                var image = _images[i];
                ImageLimits.Require(image.Width, image.Height, ImageCodec.MaximumPixels, $"{path}: {image.Entry} ({image.File})");
                if (!places.TryAdd(image.Id, i) && _images[places[image.Id]].File != image.File)
                    throw new FormatException($"two images have the id {image.Id}: {_images[places[image.Id]].File} and {image.File}.");
            }

            return places;
        }
    }
}
