using FreeMask.Imaging;

namespace FreeMask.Vision.Datasets;

/// <summary>
/// Cityscapes' layout: <c>leftImg8bit/PART/CITY/NAME_leftImg8bit.png</c> with <c>gtFine/PART/CITY/NAME_gtFine_labelTrainIds.png</c> or,
/// where these were never made, <c>..._labelIds.png</c>. Classes are the 19 of training; all others are unknown.
/// </summary>
internal sealed class CityscapesDataset : LabeledDataset
{
    private const string Images = "leftImg8bit", Truth = "gtFine", Train = "train", ImageEnd = "_leftImg8bit.png";

    private static readonly byte[] TrainIds = MakeTrainIds();

    // Label ids go up to 33; -1, the number plate of a car, is stored as 255.
    private static readonly MaskColors ById = Colors(34, c => c.Id), ByTrainId = Colors(CityscapesClasses.Trained.Count, c => c.TrainId);

    private readonly IReadOnlyList<(string Id, string Image, string Labels, bool IsTrainIds)> _files;

    private CityscapesDataset(string root, IReadOnlyList<(string, string, string, bool)> files)
        : base(root, [.. CityscapesClasses.Trained.Select(c => c.Name)], []) => _files = files;

    /// <inheritdoc />
    public override string Format => "cityscapes";

    /// <inheritdoc />
    public override int Count => _files.Count;

    internal static bool IsHere(string folder) =>
        Directory.Exists(Path.Combine(folder, Images)) && Directory.Exists(Path.Combine(folder, Truth));

    internal static bool HasPart(string folder, string part) =>
        Directory.Exists(Path.Combine(folder, Truth, part))
        && Directory.Exists(Path.Combine(folder, Images, part))
        && FilesIn(folder, part).Any();

    internal static CityscapesDataset Open(string folder, string? part)
    {
        var (chosen, images) = (part ?? Train, Path.Combine(folder, Images, part ?? Train));
        if (!Directory.Exists(images) || !Directory.Exists(Path.Combine(folder, Truth, chosen)))
            throw new FreeMaskException($"{folder} has no part '{chosen}': it needs {Images}/{chosen} and {Truth}/{chosen}.");
        var files = FilesIn(folder, chosen)
            .Order(StringComparer.Ordinal)
            .Select(image => Find(image, Path.Combine(folder, Truth, chosen, Path.GetRelativePath(images, Path.GetDirectoryName(image)!))))
            .ToList();
        return files.Count > 0
            ? new CityscapesDataset(folder, files)
            : throw new FreeMaskException($"{images} holds no image *{ImageEnd}.");
    }

    /// <inheritdoc />
    public override string IdOf(int index) => _files[index].Id;

    /// <inheritdoc />
    public override IReadOnlyList<string> FilesOf(int index) => [_files[index].Image, _files[index].Labels];

    /// <inheritdoc />
    public override LabeledImage Load(int index)
    {
        var (id, path, labelPath, isTrainIds) = _files[index];
        var (image, labels) = ImageWithMask.Load(path, ClassMask.Load(labelPath, isTrainIds ? ByTrainId : ById), labelPath);
        return new LabeledImage(
            id,
            image,
            isTrainIds ? labels : new LabelMap(labels.Width, labels.Height, Array.ConvertAll(labels.Labels, label => TrainIds[label]))
        );
    }

    private static IEnumerable<string> FilesIn(string folder, string part) =>
        Directory.EnumerateFiles(Path.Combine(folder, Images, part), "*" + ImageEnd, SearchOption.AllDirectories);

    private static (string, string, string, bool) Find(string image, string folder)
    {
        var id = Path.GetFileName(image)[..^ImageEnd.Length];
        var stem = Path.Combine(folder, id + "_gtFine_");
        foreach (var (end, isTrainIds) in new[] { ("labelTrainIds.png", true), ("labelIds.png", false) })
            if (File.Exists(stem + end)) return (id, image, stem + end, isTrainIds);
        throw new FreeMaskException($"{image} has no labels: neither {stem}labelTrainIds.png nor {stem}labelIds.png exists.");
    }

    private static MaskColors Colors(int classes, Func<CityscapesClass, byte> label) =>
        new(
            classes,
            CityscapesClasses.Trained.Append(CityscapesClasses.Unlabeled).ToDictionary(c => MaskColors.Key(c.Color), label),
            true,
            "Save it as grey PNG whose values are the ids."
        );

    private static byte[] MakeTrainIds()
    {
        var table = new byte[256];
        Array.Fill(table, LabelMap.Ignore);
        foreach (var known in CityscapesClasses.Trained) table[known.Id] = known.TrainId;
        return table;
    }
}
