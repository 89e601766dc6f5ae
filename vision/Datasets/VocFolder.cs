using FreeMask.Files;
using FreeMask.Imaging;

namespace FreeMask.Vision.Datasets;

/// <summary>One entry of a <see cref="VocFolder"/>.</summary>
/// <param name="Id">Path of the image below JPEGImages, without extension, with forward slashes.</param>
/// <param name="ImagePath">The image.</param>
/// <param name="LabelPath">The class mask.</param>
internal sealed record VocEntry(string Id, string ImagePath, string LabelPath);

/// <summary>
/// Reads a folder of images with masks in VOC's layout: <c>JPEGImages</c> (.jpg, .jpeg, .png, .webp or .bmp, also in folders of their own)
/// and
/// <c>SegmentationClass</c> (PNG of the same path: class indices, or the colors of <c>labelmap.txt</c> or VOC's), with
/// <c>ImageSets/Segmentation</c> where it exists. Object masks are not read.
/// </summary>
internal sealed class VocFolder
{
    private const string Images = "JPEGImages", Classes = "SegmentationClass", MaskExtension = ".png";

    private static readonly string ImageSets = Path.Combine("ImageSets", "Segmentation");

    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp"];

    private readonly VocLabelMap _map;
    private readonly byte[]? _table;

    private VocFolder(string root, IReadOnlyList<VocEntry> entries, int withoutMask, VocLabelMap map, LabelSet? labels, byte[]? table)
    {
        (Root, Entries, WithoutMask, _map, _table) = (root, entries, withoutMask, map, table);
        Labels = labels?.Names ?? map.Names;
    }

    /// <summary>The folder that holds the images' folder.</summary>
    public string Root { get; }

    /// <summary>All entries, by id in ordinal order.</summary>
    public IReadOnlyList<VocEntry> Entries { get; }

    /// <summary>Images that are left out because they have no mask; 0 where a list chose.</summary>
    public int WithoutMask { get; }

    /// <summary>Class names; label maps index them.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Finds the entries; no pixel is read. Labels are the data set's own classes: those of its <c>labelmap.txt</c>, or
    /// VOC's.</summary>
    /// <param name="folder">An export, <c>VOCdevkit</c>, <c>VOCdevkit/VOC2012</c>, or any folder with JPEGImages and
    /// SegmentationClass.</param>
    /// <param name="imageSet">A list of ImageSets/Segmentation, such as <c>val</c>; null takes every image that has a mask.</param>
    /// <exception cref="FreeMaskException">The folder is no such data set, the list is missing or empty, a listed file is missing, or
    /// <c>labelmap.txt</c> is wrong.</exception>
    public static VocFolder Open(string folder, string? imageSet = null) => Open(folder, imageSet, null, null);

    /// <summary>The same, with the labels of a label set: classes are matched by name.</summary>
    /// <param name="folder">The data set.</param>
    /// <param name="imageSet">A list of ImageSets/Segmentation; null takes every image that has a mask.</param>
    /// <param name="labels">The label set.</param>
    /// <param name="pairs">Pairs of class names that differ, such as <c>rider=person</c>: the data set's, and the label set's.</param>
    /// <exception cref="FreeMaskException">As <see cref="Open(string, string?)"/>, or a class of the data set is not in the label
    /// set.</exception>
    public static VocFolder OpenAs(LabelSet labels, string folder, string? imageSet = null, IEnumerable<string>? pairs = null) =>
        Open(folder, imageSet, labels, pairs);

    /// <summary>The same with VOC's labels.</summary>
    /// <exception cref="FreeMaskException">As <see cref="OpenAs"/>.</exception>
    public static VocFolder OpenAsVoc(string folder, string? imageSet = null) => OpenAs(LabelSet.Voc, folder, imageSet);

    private static VocFolder Open(string folder, string? imageSet, LabelSet? labels, IEnumerable<string>? pairs)
    {
        var root = FindRoot(folder);
        var map = VocLabelMap.Read(root);
        var (images, masks) = (FilesOf(Path.Combine(root, Images), Extensions), FilesOf(Path.Combine(root, Classes), [MaskExtension]));
        string[] ids = imageSet is null ? [.. images.Keys.Where(masks.ContainsKey)] : [.. ListOf(root, imageSet)];
        var entries = ids.Order(StringComparer.Ordinal).Select(id => Entry(root, id, images, masks)).ToList();
        var table = labels is null ? null : map.To(labels, pairs);
        return entries.Count > 0
            ? new VocFolder(root, entries, imageSet is null ? images.Count - ids.Length : 0, map, labels, table)
            : throw new FreeMaskException($"{root} holds no image with a mask of the same name.");
    }

    /// <summary>Loads one entry. A mask without an EXIF orientation of its own is turned with its image.</summary>
    /// <exception cref="FreeMaskException">A file is damaged, image and mask differ in size, or the mask has a label or color that is no
    /// class.</exception>
    public LabeledImage Load(VocEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var (image, labels) = ImageWithMask.Load(entry.ImagePath, ClassMask.Load(entry.LabelPath, _map.Colors), entry.LabelPath);
        return new LabeledImage(entry.Id, image, Translate(labels));
    }

    /// <summary>Loads the entries one after another.</summary>
    public IEnumerable<LabeledImage> LoadAll() => Entries.Select(Load);

    /// <summary>What to tell a user about classes that a label set does not have.</summary>
    internal FreeMaskException Unknown(LabelSet labels, IReadOnlyList<string> strangers) => _map.Unknown(labels, strangers);

    /// <summary>Loads the mask of an entry alone, as it is stored.</summary>
    /// <exception cref="FreeMaskException">The file is damaged, or has a label or color that is no class.</exception>
    public LabelMap LoadMask(VocEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return Translate(ClassMask.Load(entry.LabelPath, _map.Colors).Stored);
    }

    private LabelMap Translate(LabelMap labels) =>
        _table is { } table
            ? new LabelMap(
                labels.Width,
                labels.Height,
                Array.ConvertAll(labels.Labels, label => label == LabelMap.Ignore ? label : table[label])
            )
            : labels;

    private static string FindRoot(string folder)
    {
        ReadableFolder.Require(folder);
        foreach (var candidate in (string[])[folder, Path.Combine(folder, "VOC2012"), Path.Combine(folder, "VOCdevkit", "VOC2012")])
            if (Directory.Exists(Path.Combine(candidate, Images)) && Directory.Exists(Path.Combine(candidate, Classes)))
                return Readable(candidate);
        throw new FreeMaskException(
            $"{folder} is no data set in VOC's layout: it needs the folders {Images} and {Classes}, itself or in VOCdevkit/VOC2012."
        );
    }

    private static string Readable(string root)
    {
        ReadableFolder.Require(Path.Combine(root, Images));
        ReadableFolder.Require(Path.Combine(root, Classes));
        return root;
    }

    /// <summary>The lists that a data set has (<c>train</c>, <c>val</c>, ...), in ordinal order; an empty list is none.</summary>
    /// <exception cref="FreeMaskException">The folder is no such data set.</exception>
    public static IReadOnlyList<string> Lists(string folder)
    {
        var lists = Path.Combine(FindRoot(folder), ImageSets);
        return Directory.Exists(lists)
            ?
            [
                .. Directory
                    .EnumerateFiles(lists, "*.txt")
                    .Where(file => ReadList(file).Any())
                    .Select(file => Path.GetFileNameWithoutExtension(file))
                    .Order(StringComparer.Ordinal),
            ]
            : [];
    }

    private static IReadOnlyList<string> ListOf(string root, string imageSet)
    {
        var path = Path.Combine(root, ImageSets, imageSet + ".txt");
        if (!File.Exists(path)) throw new FreeMaskException($"{path} does not exist; the data set has no part '{imageSet}'.");
        string[] ids = [.. ReadList(path)];
        return ids.Length > 0 ? ids : throw new FreeMaskException($"{path} lists no image; the data set has no part '{imageSet}'.");
    }

    private static IEnumerable<string> ReadList(string path) =>
        File.ReadLines(path).Select(l => l.Trim()).Where(l => l.Length > 0).Distinct(StringComparer.Ordinal);

    /// <summary>The files of a folder and those in it, by path without extension; of several of one name the first in ordinal
    /// order.</summary>
    private static Dictionary<string, string> FilesOf(string folder, string[] extensions) =>
        Directory
            .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .GroupBy(file => Path.ChangeExtension(Path.GetRelativePath(folder, file), null).Replace('\\', '/'), StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Order(StringComparer.Ordinal).First(), StringComparer.Ordinal);

    private static VocEntry Entry(string root, string id, Dictionary<string, string> images, Dictionary<string, string> masks)
    {
        if (!images.TryGetValue(id, out var image)) throw new FreeMaskException($"{Path.Combine(root, Images)} has no image {id}.");
        return masks.TryGetValue(id, out var mask)
            ? new VocEntry(id, image, mask)
            : throw new FreeMaskException(
                $"{Path.Combine(root, Classes, id + MaskExtension)} does not exist; every listed image needs a mask."
            );
    }
}
