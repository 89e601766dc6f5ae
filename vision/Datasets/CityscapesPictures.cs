using FreeMask.Vision.Export;
using FreeMask.Vision.Imaging;

namespace FreeMask.Vision.Datasets;

/// <summary>
/// Cityscapes' layout: <c>leftImg8bit/PART/CITY/NAME_leftImg8bit.png</c> with <c>gtFine/PART/CITY/NAME_gtFine_labelTrainIds.png</c> or, where these were
/// never made, <c>..._labelIds.png</c>. Classes are the 19 of training; all others are unknown.
/// </summary>
internal sealed class CityscapesPictures : LabelledDataset
{
    private const string Images = "leftImg8bit", Truth = "gtFine", Train = "train", ImageEnd = "_leftImg8bit.png";

    private static readonly byte[] TrainIds = MakeTrainIds();

    private readonly IReadOnlyList<(string Id, string Image, string Labels, bool IsTrainIds)> _pictures;

    private CityscapesPictures(string root, IReadOnlyList<(string, string, string, bool)> pictures)
        : base(root, [.. CityscapesClasses.Trained.Select(c => c.Name)]) => _pictures = pictures;

    /// <inheritdoc />
    public override string Format => "cityscapes";

    /// <inheritdoc />
    public override int Count => _pictures.Count;

    internal static bool IsHere(string folder) => Directory.Exists(Path.Combine(folder, Images)) && Directory.Exists(Path.Combine(folder, Truth));

    internal static bool HasPart(string folder, string part) => Directory.Exists(Path.Combine(folder, Images, part)) && Directory.Exists(Path.Combine(folder, Truth, part));

    internal static CityscapesPictures Open(string folder, string? part)
    {
        var (chosen, images) = (part ?? Train, Path.Combine(folder, Images, part ?? Train));
        if (!HasPart(folder, chosen)) throw new FreeMaskException($"{folder} has no part '{chosen}': it needs {Images}/{chosen} and {Truth}/{chosen}.");
        var pictures = Directory.EnumerateFiles(images, "*" + ImageEnd, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(image => Find(image, Path.Combine(folder, Truth, chosen, Path.GetRelativePath(images, Path.GetDirectoryName(image)!)))).ToList();
        return pictures.Count > 0 ? new CityscapesPictures(folder, pictures) : throw new FreeMaskException($"{images} holds no picture *{ImageEnd}.");
    }

    /// <inheritdoc />
    public override string IdOf(int index) => _pictures[index].Id;

    /// <inheritdoc />
    public override LabelledPicture Load(int index)
    {
        var (id, path, labelPath, isTrainIds) = _pictures[index];
        var image = ImageCodec.Load(path);
        var labels = RequireSize(IndexedPng.Load(labelPath), image, labelPath);
        return new LabelledPicture(id, image, isTrainIds ? labels : new LabelMap(labels.Width, labels.Height, Array.ConvertAll(labels.Labels, label => TrainIds[label])));
    }

    private static (string, string, string, bool) Find(string image, string folder)
    {
        var id = Path.GetFileName(image)[..^ImageEnd.Length];
        var stem = Path.Combine(folder, id + "_gtFine_");
        foreach (var (end, isTrainIds) in new[] { ("labelTrainIds.png", true), ("labelIds.png", false) })
            if (File.Exists(stem + end)) return (id, image, stem + end, isTrainIds);
        throw new FreeMaskException($"{image} has no labels: neither {stem}labelTrainIds.png nor {stem}labelIds.png exists.");
    }

    private static byte[] MakeTrainIds()
    {
        var table = new byte[256];
        Array.Fill(table, LabelMap.Ignore);
        foreach (var known in CityscapesClasses.Trained) table[known.Id] = known.TrainId;
        return table;
    }
}
