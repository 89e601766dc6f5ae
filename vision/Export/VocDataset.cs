using FreeMask.Vision.Files;
using FreeMask.Vision.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>One entry of a <see cref="VocDataset"/>.</summary>
/// <param name="Id">File name without extension.</param>
/// <param name="ImagePath">The picture.</param>
/// <param name="LabelPath">The class mask.</param>
/// <param name="ObjectPath">The object mask, or null.</param>
public sealed record VocEntry(string Id, string ImagePath, string LabelPath, string? ObjectPath);

/// <summary>A loaded entry.</summary>
/// <param name="Id">File name without extension.</param>
/// <param name="Image">The picture.</param>
/// <param name="Labels">Class indices, 255 = void.</param>
/// <param name="Objects">Object indices, or null.</param>
public sealed record VocSample(string Id, RgbImage Image, LabelMap Labels, LabelMap? Objects);

/// <summary>
/// Reads a folder of pictures with masks in VOC's layout: <c>JPEGImages</c> (.jpg, .jpeg or .png) and <c>SegmentationClass</c> (indexed or grey
/// PNG, values are class ids), with <c>SegmentationObject</c> and <c>ImageSets/Segmentation</c> where they exist.
/// </summary>
public sealed class VocDataset
{
    private const string Images = "JPEGImages", Classes = "SegmentationClass", Objects = "SegmentationObject";

    private static readonly string ImageSets = Path.Combine("ImageSets", "Segmentation");

    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png"];

    private VocDataset(string root, IReadOnlyList<VocEntry> entries) => (Root, Entries) = (root, entries);

    /// <summary>The folder that holds the pictures' folder.</summary>
    public string Root { get; }

    /// <summary>All entries, by id in ordinal order.</summary>
    public IReadOnlyList<VocEntry> Entries { get; }

    /// <summary>Finds the entries; no pixel is read.</summary>
    /// <param name="folder">An export, <c>VOCdevkit</c>, <c>VOCdevkit/VOC2012</c>, or any folder with JPEGImages and SegmentationClass.</param>
    /// <param name="imageSet">A list of ImageSets/Segmentation, such as <c>val</c>; null takes every picture that has a mask.</param>
    /// <exception cref="FreeMaskException">The folder is no such data set, the list is missing, or a listed file is missing.</exception>
    public static VocDataset Open(string folder, string? imageSet = null)
    {
        var root = FindRoot(folder);
        var images = Directory.EnumerateFiles(Path.Combine(root, Images))
            .Where(f => Extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase))
            .GroupBy(f => Path.GetFileNameWithoutExtension(f), StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Order(StringComparer.Ordinal).First(), StringComparer.Ordinal);
        var ids = imageSet is null ? images.Keys.Where(id => File.Exists(Mask(root, Classes, id))) : ReadList(root, imageSet);
        var entries = ids.Order(StringComparer.Ordinal).Select(id => Entry(root, id, images)).ToList();
        return entries.Count > 0 ? new VocDataset(root, entries) : throw new FreeMaskException($"{root} holds no picture with a mask of the same name.");
    }

    /// <summary>Loads one entry.</summary>
    /// <exception cref="FreeMaskException">A file is damaged, or picture and mask differ in size.</exception>
    public static VocSample Load(VocEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var image = ImageCodec.Load(entry.ImagePath);
        return new VocSample(entry.Id, image, LoadMask(entry.LabelPath, image), entry.ObjectPath is null ? null : LoadMask(entry.ObjectPath, image));
    }

    /// <summary>Loads the entries one after another.</summary>
    public IEnumerable<VocSample> LoadAll() => Entries.Select(Load);

    private static LabelMap LoadMask(string path, RgbImage image)
    {
        var mask = IndexedPng.Load(path);
        return (mask.Width, mask.Height) == (image.Width, image.Height)
            ? mask
            : throw new FreeMaskException($"{path} is {mask.Width} x {mask.Height}, its picture {image.Width} x {image.Height}.");
    }

    private static string FindRoot(string folder)
    {
        ReadableFolder.Require(folder);
        foreach (var candidate in (string[])[folder, Path.Combine(folder, "VOC2012"), Path.Combine(folder, "VOCdevkit", "VOC2012")])
            if (Directory.Exists(Path.Combine(candidate, Images)) && Directory.Exists(Path.Combine(candidate, Classes))) return Readable(candidate);
        throw new FreeMaskException($"{folder} is no data set in VOC's layout: it needs the folders {Images} and {Classes}, itself or in VOCdevkit/VOC2012.");
    }

    private static string Readable(string root)
    {
        ReadableFolder.Require(Path.Combine(root, Images));
        ReadableFolder.Require(Path.Combine(root, Classes));
        return root;
    }

    /// <summary>The lists that a data set has (<c>train</c>, <c>val</c>, ...), in ordinal order.</summary>
    /// <exception cref="FreeMaskException">The folder is no such data set.</exception>
    public static IReadOnlyList<string> Lists(string folder)
    {
        var lists = Path.Combine(FindRoot(folder), ImageSets);
        return Directory.Exists(lists)
            ? [.. Directory.EnumerateFiles(lists, "*.txt").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)]
            : [];
    }

    private static IEnumerable<string> ReadList(string root, string imageSet)
    {
        var path = Path.Combine(root, ImageSets, imageSet + ".txt");
        if (!File.Exists(path)) throw new FreeMaskException($"{path} does not exist; the data set has no part '{imageSet}'.");
        return File.ReadLines(path).Select(l => l.Trim()).Where(l => l.Length > 0).Distinct(StringComparer.Ordinal);
    }

    private static VocEntry Entry(string root, string id, Dictionary<string, string> images)
    {
        if (!images.TryGetValue(id, out var image)) throw new FreeMaskException($"{Path.Combine(root, Images)} has no picture {id}.");
        var (label, objects) = (Mask(root, Classes, id), Mask(root, Objects, id));
        if (!File.Exists(label)) throw new FreeMaskException($"{label} does not exist; every listed picture needs a mask.");
        return new VocEntry(id, image, label, File.Exists(objects) ? objects : null);
    }

    private static string Mask(string root, string folder, string id) => Path.Combine(root, folder, id + ".png");
}
