using FreeMask.Imaging;

namespace FreeMask.Vision.Datasets;

/// <summary>PASCAL VOC's layout. Classes are VOC's, or those of a <c>labelmap.txt</c> (name:r,g,b::) beside the images.</summary>
internal sealed class VocDataset : LabeledDataset
{
    private const string Train = "train";

    private readonly VocFolder _data;

    private VocDataset(VocFolder data)
        : base(
            data.Root,
            data.Labels,
            data.WithoutMask == 0
                ? []
                : [$"{data.WithoutMask} {(data.WithoutMask == 1 ? "image" : "images")} of {data.Root} without a mask: left out."]
        ) => _data = data;

    /// <inheritdoc />
    public override string Format => "voc";

    /// <inheritdoc />
    public override int Count => _data.Entries.Count;

    internal static bool IsHere(string folder) =>
        new[] { folder, Path.Combine(folder, "VOC2012"), Path.Combine(folder, "VOCdevkit", "VOC2012") }.Any(root =>
            Directory.Exists(Path.Combine(root, "JPEGImages")) && Directory.Exists(Path.Combine(root, "SegmentationClass"))
        );

    internal static bool HasPart(string folder, string part) => VocFolder.Lists(folder).Contains(part);

    internal static VocDataset Open(string folder, string? part) =>
        new(VocFolder.Open(folder, part ?? (HasPart(folder, Train) ? Train : null)));

    /// <summary>All images that have a mask.</summary>
    internal static VocDataset OpenAll(string folder) => new(VocFolder.Open(folder));

    /// <inheritdoc />
    internal override FreeMaskException Unknown(LabelSet labels, IReadOnlyList<string> strangers) => _data.Unknown(labels, strangers);

    /// <inheritdoc />
    public override string IdOf(int index) => _data.Entries[index].Id;

    /// <inheritdoc />
    public override IReadOnlyList<string> FilesOf(int index) => [_data.Entries[index].ImagePath, _data.Entries[index].LabelPath];

    /// <inheritdoc />
    public override LabeledImage Load(int index) => _data.Load(_data.Entries[index]);
}
