using System.Text.Json;
using FreeMask.Vision.Export;
using FreeMask.Vision.Imaging;
using Microsoft.Win32.SafeHandles;

namespace FreeMask.Vision.Datasets;

/// <summary>
/// COCO's layout: <c>annotations/instances_PART.json</c> (a year may follow the part) with pictures in <c>PART</c>, <c>images/PART</c> or <c>images</c>.
/// Classes are background and the categories by id. Smaller objects are painted over larger ones; crowds are unknown.
/// </summary>
internal sealed class CocoPictures : LabelledDataset
{
    private const string Annotations = "annotations", FileStart = "instances_", Train = "train", Background = "background";

    private readonly IReadOnlyList<Picture> _pictures;
    private readonly string _file, _images;
    private readonly Dictionary<long, byte> _labels;

    private CocoPictures(string root, string file, string images, IReadOnlyList<Picture> pictures, IReadOnlyList<(long Id, string Name)> categories)
        : base(root, [Background, .. categories.Select(c => c.Name)])
    {
        (_file, _images, _pictures) = (file, images, pictures);
        _labels = categories.Select((c, i) => (c.Id, Label: (byte)(i + 1))).ToDictionary(c => c.Id, c => c.Label);
    }

    /// <inheritdoc />
    public override string Format => "coco";

    /// <inheritdoc />
    public override int Count => _pictures.Count;

    internal static bool IsHere(string folder) => Files(folder).Count > 0;

    internal static bool HasPart(string folder, string part) => FileOf(folder, part) is not null;

    internal static CocoPictures Open(string folder, string? part)
    {
        var files = Files(folder);
        if (files.Count == 0) throw new FreeMaskException($"{Path.Combine(folder, Annotations)} holds no {FileStart}*.json.");
        var file = part is not null
            ? FileOf(folder, part) ?? throw new FreeMaskException($"{Path.Combine(folder, Annotations)} has no {FileStart}{part}.json; it has {string.Join(", ", files.Select(Path.GetFileName))}.")
            : FileOf(folder, Train) ?? (files.Count == 1 ? files[0] : throw new FreeMaskException($"{folder} has several parts and none is 'train'; name one of {string.Join(", ", files.Select(PartOf))}."));
        return Read(folder, file);
    }

    /// <inheritdoc />
    public override string IdOf(int index) => _pictures[index].File;

    /// <inheritdoc />
    public override LabelledPicture Load(int index)
    {
        var picture = _pictures[index];
        var path = Path.Combine(_images, picture.File);
        if (!File.Exists(path)) throw new FreeMaskException($"{_file} lists {picture.File}, which is not in {_images}.");
        var image = ImageCodec.Load(path);
        var labels = new LabelMap(picture.Width, picture.Height);
        using var annotations = File.OpenHandle(_file);
        foreach (var item in picture.Objects.OrderByDescending(o => o.IsCrowd).ThenByDescending(o => o.Area))
        {
            var label = item.IsCrowd ? LabelMap.Ignore : _labels.TryGetValue(item.Category, out var known) ? known : throw new FreeMaskException($"{_file}: {picture.File} has an object of category {item.Category}, which is not in its categories.");
            foreach (var mask in Masks(annotations, item, picture)) Paint(labels, mask, label);
        }

        return new LabelledPicture(picture.File, image, RequireSize(labels, image, $"The entry of {picture.File} in {_file}"));
    }

    private static CocoPictures Read(string folder, string file)
    {
        var (categories, listed, objects) = (new List<(long Id, string Name)>(), new List<(long Id, string File, int Width, int Height)>(), new List<CocoObject>());
        try
        {
            using var stream = File.OpenRead(file);
            JsonArrays.Walk(stream, (array, offset, text) =>
            {
                if (array is not ("categories" or "images" or "annotations")) return;
                using var document = JsonDocument.Parse(text);
                var item = document.RootElement;
                if (array == "annotations") objects.Add(CocoObject.Read(item, offset, text.Length));
                else if (array == "categories") categories.Add((Field(item, "id").GetInt64(), Field(item, "name").GetString() ?? ""));
                else listed.Add((Field(item, "id").GetInt64(), Field(item, "file_name").GetString() ?? "", Field(item, "width").GetInt32(), Field(item, "height").GetInt32()));
            });
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new FreeMaskException($"{file} is not COCO's instances: {e.Message}", e);
        }

        if (categories.Count == 0 && listed.Count == 0) throw new FreeMaskException($"{file} is not COCO's instances: it has neither categories nor images.");
        if (categories.Count is 0 or >= LabelMap.Ignore) throw new FreeMaskException($"{file} has {categories.Count} categories; 1 to {LabelMap.Ignore - 1} are possible.");
        if (listed.Count == 0) throw new FreeMaskException($"{file} lists no pictures.");
        var byPicture = objects.ToLookup(item => item.Picture);
        var pictures = listed.OrderBy(p => p.File, StringComparer.Ordinal).Select(p => new Picture(p.File, p.Width, p.Height, [.. byPicture[p.Id]])).ToList();
        return new CocoPictures(folder, file, ImagesOf(folder, file, pictures[0].File), pictures, [.. categories.OrderBy(c => c.Id)]);
    }

    private static JsonElement Field(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) ? value : throw new FormatException($"an entry has no '{name}'.");

    private static string ImagesOf(string folder, string file, string picture)
    {
        var part = PartOf(file);
        string[] candidates = [Path.Combine(folder, part), Path.Combine(folder, "images", part), Path.Combine(folder, "images"), folder];
        return Array.Find(candidates, candidate => File.Exists(Path.Combine(candidate, picture)))
            ?? throw new FreeMaskException($"The picture {picture} of {file} is in none of {string.Join(", ", candidates)}.");
    }

    private RunLengthMask[] Masks(SafeFileHandle annotations, CocoObject item, Picture picture)
    {
        try
        {
            var text = new byte[item.Length];
            if (RandomAccess.Read(annotations, text, item.Offset) != text.Length) throw new FormatException("the file is shorter than it was");
            using var document = JsonDocument.Parse(text);
            var segmentation = document.RootElement.GetProperty("segmentation");
            return segmentation.ValueKind == JsonValueKind.Array
                ? [.. segmentation.EnumerateArray().Select(p => RunLengthMask.FromPolygon(p.EnumerateArray().Select(v => v.GetDouble()).ToArray(), picture.Width, picture.Height))]
                : [Runs(segmentation, picture)];
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or ArgumentException or FormatException or JsonException)
        {
            throw new FreeMaskException($"{_file}: the outline of an object in {picture.File} is damaged: {e.Message}", e);
        }
    }

    private static RunLengthMask Runs(JsonElement segmentation, Picture picture)
    {
        var counts = segmentation.GetProperty("counts");
        return counts.ValueKind == JsonValueKind.String
            ? RunLengthMask.FromCompressed(counts.GetString()!, picture.Width, picture.Height)
            : new RunLengthMask(picture.Width, picture.Height, counts.EnumerateArray().Select(c => c.GetUInt32()));
    }

    private static void Paint(LabelMap labels, RunLengthMask mask, byte label)
    {
        var inside = mask.Decode();
        for (var i = 0; i < inside.Length; i++)
            if (inside[i] == 1) labels.Labels[i] = label;
    }

    private static List<string> Files(string folder)
    {
        var annotations = Path.Combine(folder, Annotations);
        return Directory.Exists(annotations) ? [.. Directory.EnumerateFiles(annotations, FileStart + "*.json").Order(StringComparer.Ordinal)] : [];
    }

    private static string PartOf(string file) => Path.GetFileNameWithoutExtension(file)[FileStart.Length..];

    /// <summary>The part's file; of several years the last.</summary>
    private static string? FileOf(string folder, string part) =>
        Files(folder).LastOrDefault(file => PartOf(file) == part) ?? Files(folder).LastOrDefault(file => PartOf(file) is var name && name.StartsWith(part, StringComparison.Ordinal) && name[part.Length..].All(char.IsAsciiDigit));

    private sealed record Picture(string File, int Width, int Height, IReadOnlyList<CocoObject> Objects);

    /// <summary>An object without its outline, which is read where it lies in the file when the picture is needed.</summary>
    private readonly record struct CocoObject(long Picture, long Category, bool IsCrowd, double Area, long Offset, int Length)
    {
        internal static CocoObject Read(JsonElement json, long offset, int length)
        {
            _ = Field(json, "segmentation");
            return new(
                Field(json, "image_id").GetInt64(),
                Field(json, "category_id").GetInt64(),
                json.TryGetProperty("iscrowd", out var crowd) && crowd.GetInt32() != 0,
                json.TryGetProperty("area", out var area) ? area.GetDouble() : 0,
                offset,
                length);
        }
    }
}
