using FreeMask.Vision.Export;

namespace FreeMask.Vision.Datasets;

/// <summary>PASCAL VOC's layout. Classes are VOC's, or those of a <c>labelmap.txt</c> (name:r,g,b::) beside the pictures.</summary>
internal sealed class VocPictures : LabelledDataset
{
    private const string Train = "train", LabelMapFile = "labelmap.txt", IgnoredName = "ignore";

    private readonly VocDataset _data;

    private VocPictures(VocDataset data, IReadOnlyList<string> labels) : base(data.Root, labels) => _data = data;

    /// <inheritdoc />
    public override string Format => "voc";

    /// <inheritdoc />
    public override int Count => _data.Entries.Count;

    internal static bool IsHere(string folder) => new[] { folder, Path.Combine(folder, "VOC2012"), Path.Combine(folder, "VOCdevkit", "VOC2012") }
        .Any(root => Directory.Exists(Path.Combine(root, "JPEGImages")) && Directory.Exists(Path.Combine(root, "SegmentationClass")));

    internal static bool HasPart(string folder, string part) => VocDataset.Lists(folder).Contains(part);

    internal static VocPictures Open(string folder, string? part)
    {
        var data = VocDataset.Open(folder, part ?? (HasPart(folder, Train) ? Train : null));
        var names = Path.Combine(data.Root, LabelMapFile);
        return new VocPictures(data, File.Exists(names) ? ReadNames(names) : VocClasses.Names);
    }

    /// <inheritdoc />
    public override string IdOf(int index) => _data.Entries[index].Id;

    /// <inheritdoc />
    public override LabelledPicture Load(int index)
    {
        var sample = VocDataset.Load(_data.Entries[index]);
        return new LabelledPicture(sample.Id, sample.Image, sample.Labels);
    }

    private static IReadOnlyList<string> ReadNames(string path)
    {
        string[] names = [.. File.ReadLines(path).Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(':')[0].Trim()).Where(name => name != IgnoredName)];
        return names.Length > 0 ? names : throw new FreeMaskException($"{path} names no class; it needs a line such as 'cat:64,0,0::' for each.");
    }
}
