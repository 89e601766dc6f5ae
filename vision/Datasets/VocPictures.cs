namespace FreeMask.Vision.Datasets;

/// <summary>PASCAL VOC's layout. Classes are VOC's, or those of a <c>labelmap.txt</c> (name:r,g,b::) beside the pictures.</summary>
internal sealed class VocPictures : LabelledDataset
{
    private const string Train = "train";

    private readonly VocDataset _data;

    private VocPictures(VocDataset data)
        : base(data.Root, data.Labels, data.WithoutMask == 0 ? [] : [$"{data.WithoutMask} {(data.WithoutMask == 1 ? "picture" : "pictures")} of {data.Root} without a mask: left out."]) => _data = data;

    /// <inheritdoc />
    public override string Format => "voc";

    /// <inheritdoc />
    public override int Count => _data.Entries.Count;

    internal static bool IsHere(string folder) => new[] { folder, Path.Combine(folder, "VOC2012"), Path.Combine(folder, "VOCdevkit", "VOC2012") }
        .Any(root => Directory.Exists(Path.Combine(root, "JPEGImages")) && Directory.Exists(Path.Combine(root, "SegmentationClass")));

    internal static bool HasPart(string folder, string part) => VocDataset.Lists(folder).Contains(part);

    internal static VocPictures Open(string folder, string? part) => new(VocDataset.Open(folder, part ?? (HasPart(folder, Train) ? Train : null)));

    /// <inheritdoc />
    public override string IdOf(int index) => _data.Entries[index].Id;

    /// <inheritdoc />
    public override LabelledPicture Load(int index)
    {
        var sample = _data.Load(_data.Entries[index]);
        return new LabelledPicture(sample.Id, sample.Image, sample.Labels);
    }
}
