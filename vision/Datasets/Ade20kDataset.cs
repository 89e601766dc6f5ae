using System.Globalization;
using FreeMask.Imaging;

namespace FreeMask.Vision.Datasets;

/// <summary>
/// The layout of ADE20K's scene parsing (<c>ADEChallengeData2016</c>): <c>images/PART/NAME.jpg</c> with <c>annotations/PART/NAME.png</c>,
/// where PART is <c>training</c> or <c>validation</c>. Values 1 to 150 are the classes; 0, other objects, is unknown, as in its own score.
/// </summary>
internal sealed class Ade20kDataset : LabeledDataset
{
    private const string Images = "images", Truth = "annotations", LabelSetName = "ade20k", ImageEnd = ".jpg", MaskEnd = ".png";

    private readonly IReadOnlyList<(string Id, string Image, string Mask)> _files;

    private Ade20kDataset(string root, IReadOnlyList<(string, string, string)> files)
        : base(root, LabelSet.Named(LabelSetName).Names, []) => _files = files;

    /// <inheritdoc />
    public override string Format => LabelSetName;

    /// <inheritdoc />
    public override int Count => _files.Count;

    internal static bool IsHere(string folder) => HasPart(folder, "train") || HasPart(folder, "val");

    /// <summary>Whether a data set has a part; <c>train</c> and <c>val</c> are other names of its own two.</summary>
    internal static bool HasPart(string folder, string part) =>
        Directory.Exists(Path.Combine(folder, Images, Own(part))) && Directory.Exists(Path.Combine(folder, Truth, Own(part)));

    internal static Ade20kDataset Open(string folder, string? part)
    {
        var own = Own(part ?? "train");
        var (images, masks) = (Path.Combine(folder, Images, own), Path.Combine(folder, Truth, own));
        if (!HasPart(folder, own))
            throw new FreeMaskException($"{folder} has no part '{part ?? own}': it needs {Images}/{own} and {Truth}/{own}.");
        var files = Directory
            .EnumerateFiles(images, "*" + ImageEnd)
            .Order(StringComparer.Ordinal)
            .Select(image => (Path.GetFileNameWithoutExtension(image), image, MaskOf(image, masks)))
            .ToList();
        return files.Count > 0
            ? new Ade20kDataset(folder, files)
            : throw new FreeMaskException($"{images} holds no image *{ImageEnd}.");
    }

    /// <inheritdoc />
    public override string IdOf(int index) => _files[index].Id;

    /// <inheritdoc />
    public override IReadOnlyList<string> FilesOf(int index) => [_files[index].Image, _files[index].Mask];

    /// <inheritdoc />
    public override LabeledImage Load(int index)
    {
        var (id, path, maskPath) = _files[index];
        var (image, stored) = ImageWithMask.Load(path, ClassMask.Load(maskPath, Colors), maskPath);
        return new LabeledImage(
            id,
            image,
            new LabelMap(stored.Width, stored.Height, Array.ConvertAll(stored.Labels, label => label == 0 ? LabelMap.Ignore : label))
        );
    }

    // Grey files alone: the colors of ADE20K's full annotations are another format.
    private static MaskColors Colors { get; } =
        new(
            LabelSet.Named(LabelSetName).Names.Count,
            new Dictionary<int, byte>(),
            false,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Use the annotations of scene parsing, whose grey values are 0 to {LabelSet.Named(LabelSetName).Classes.Count}."
            )
        );

    private static string Own(string part) => part switch { "train" => "training", "val" => "validation", _ => part };

    private static string MaskOf(string image, string masks)
    {
        var mask = Path.Combine(masks, Path.GetFileNameWithoutExtension(image) + MaskEnd);
        return File.Exists(mask) ? mask : throw new FreeMaskException($"{image} has no labels: {mask} does not exist.");
    }
}
