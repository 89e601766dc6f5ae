using System.Text.Json;
using FreeMask.Imaging;
using Microsoft.Win32.SafeHandles;

namespace FreeMask.Vision.Datasets;

/// <summary>
/// COCO's layout: <c>annotations/instances_PART.json</c> (a year may follow the part) with images in <c>PART</c>, <c>images/PART</c> or
/// <c>images</c>. Classes are background and the categories by id. Smaller objects are painted over larger ones; crowds are unknown.
/// </summary>
internal sealed class CocoDataset : LabeledDataset
{
    private const string Annotations = "annotations", FileStart = "instances_", Train = "train";

    private readonly IReadOnlyList<CocoImage> _images;
    private readonly string _file, _imageFolder;

    private CocoDataset(string root, string file, string images, CocoFile content) : base(root, content.Labels, content.Notes) =>
        (_file, _imageFolder, _images) = (file, images, content.Images);

    /// <inheritdoc />
    public override string Format => "coco";

    /// <inheritdoc />
    public override int Count => _images.Count;

    internal static bool IsHere(string folder) => Files(folder).Count > 0;

    internal static bool HasPart(string folder, string part) => FileOf(folder, part) is { } file && CocoFile.HasImages(file);

    internal static CocoDataset Open(string folder, string? part)
    {
        var files = Files(folder);
        if (files.Count == 0) throw new FreeMaskException($"{Path.Combine(folder, Annotations)} holds no {FileStart}*.json.");
        var file = part is not null
            ? FileOf(folder, part)
                ?? throw new FreeMaskException(
                    $"{Path.Combine(folder, Annotations)} has no {FileStart}{part}.json; it has "
                        + $"{string.Join(", ", files.Select(Path.GetFileName))}."
                )
            : FileOf(folder, Train)
                ?? (
                    files.Count == 1
                        ? files[0]
                        : throw new FreeMaskException(
                            $"{folder} has several parts and none is 'train'; name one of {string.Join(", ", files.Select(PartOf))}."
                        )
                );
        var content = CocoFile.Read(file);
        return new CocoDataset(folder, file, ImagesOf(folder, file, content.Images), content);
    }

    /// <inheritdoc />
    public override string IdOf(int index) => _images[index].File;

    /// <inheritdoc />
    public override IReadOnlyList<string> FilesOf(int index) => [Path.Combine(_imageFolder, _images[index].File), _file];

    /// <inheritdoc />
    public override LabeledImage Load(int index)
    {
        var entry = _images[index];
        var labels = new LabelMap(entry.Width, entry.Height);
        using (var annotations = File.OpenHandle(_file))
        {
            var masks = entry.Objects.Select(item => (item.Label, item.Area, Mask: Mask(annotations, item, entry))).ToList();
            foreach (
                var (label, _, mask) in masks
                    .OrderByDescending(m => m.Label == LabelMap.Ignore)
                    .ThenByDescending(m => m.Area ?? m.Mask.Area)
            )
                Paint(labels, mask, label);
        }

        var (image, upright) = ImageWithMask.Load(
            Path.Combine(_imageFolder, entry.File),
            (labels, 1),
            $"The entry of {entry.File} in {_file}"
        );
        return new LabeledImage(entry.File, image, upright);
    }

    /// <summary>The folder that holds all images.</summary>
    private static string ImagesOf(string folder, string file, IReadOnlyList<CocoImage> entries)
    {
        var part = PartOf(file);
        string[] candidates = [Path.Combine(folder, part), Path.Combine(folder, "images", part), Path.Combine(folder, "images"), folder];
        var found = Array.Find(candidates, candidate => entries.Any(p => File.Exists(Path.Combine(candidate, p.File))))
            ?? throw new FreeMaskException($"The image {entries[0].File} of {file} is in none of {string.Join(", ", candidates)}.");
        var missing = entries.Where(p => !File.Exists(Path.Combine(found, p.File))).Select(p => p.File).ToList();
        return missing.Count == 0
            ? found
            : throw new FreeMaskException(
                $"{file} lists {entries.Count} images, but {missing.Count} of them are not in {found}: "
                    + $"{string.Join(", ", missing.Take(3))}{(missing.Count > 3 ? ", ..." : "")}."
            );
    }

    private RunLengthMask Mask(SafeFileHandle annotations, CocoObject item, CocoImage entry)
    {
        try
        {
            var text = new byte[item.Length];
            if (RandomAccess.Read(annotations, text, item.Offset) != text.Length)
                throw new FormatException("the file is shorter than it was");
            using var document = JsonDocument.Parse(text);
            return CocoOutline.Read(document.RootElement.GetProperty("segmentation"), entry.Width, entry.Height);
        }
        catch (Exception e)
            when (e
                    is InvalidOperationException
                        or KeyNotFoundException
                        or ArgumentException
                        or FormatException
                        or OverflowException
                        or JsonException
                        or FreeMaskException
            )
        {
            throw new FreeMaskException(
                $"{_file}: the outline of an object in {entry.File} is damaged (byte {item.Offset}): {e.Message}",
                e
            );
        }
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
        return Directory.Exists(annotations)
            ? [.. Directory.EnumerateFiles(annotations, FileStart + "*.json").Order(StringComparer.Ordinal)]
            : [];
    }

    private static string PartOf(string file) => Path.GetFileNameWithoutExtension(file)[FileStart.Length..];

    /// <summary>The part's file; of several years the last.</summary>
    private static string? FileOf(string folder, string part) =>
        Files(folder).LastOrDefault(file => PartOf(file) == part)
        ?? Files(folder)
            .LastOrDefault(file =>
                PartOf(file) is var name && name.StartsWith(part, StringComparison.Ordinal) && name[part.Length..].All(char.IsAsciiDigit)
            );
}
