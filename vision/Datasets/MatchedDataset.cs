using FreeMask.Imaging;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Vision.Datasets;

/// <summary>How the classes of a data set become those of a label set.</summary>
/// <param name="Labels">The label set.</param>
/// <param name="Pairs">Pairs of names that differ, such as <c>rider=person</c>.</param>
/// <param name="OthersAreBackground">Whether classes that no name and no pair has are background; else the data set is refused.</param>
/// <param name="Unknown">Labels whose pixels become 255.</param>
internal sealed record ClassMatch(
    LabelSet Labels,
    IReadOnlyList<string> Pairs,
    bool OthersAreBackground = false,
    IReadOnlyList<int>? Unknown = null
);

/// <summary>A data set in the labels of a label set.</summary>
internal sealed class MatchedDataset
{
    private readonly LabeledDataset _data;
    private readonly byte[] _table;

    /// <param name="data">The data set.</param>
    /// <param name="match">How its classes are matched.</param>
    /// <exception cref="FreeMaskException">A class is none of the label set's, or a pair is wrong.</exception>
    internal MatchedDataset(LabeledDataset data, ClassMatch match)
    {
        var table = ClassMapping.ToAll(match.Labels, data.Labels, match.Pairs, out var strangers);
        if (strangers.Count > 0 && !match.OthersAreBackground) throw data.Unknown(match.Labels, strangers);
        (_data, _table) = (data, [.. table.Select(label => match.Unknown?.Contains(label) == true ? LabelMap.Ignore : label)]);
    }

    /// <summary>The data set's folder.</summary>
    internal string Root => _data.Root;

    /// <summary>Number of images.</summary>
    internal int Count => _data.Count;

    /// <summary>The labels that the data set has a class for, background included.</summary>
    internal IReadOnlySet<int> Labels => _table.Where(label => label != LabelMap.Ignore).Select(label => (int)label).ToHashSet();

    /// <summary>The name of an image; the order never changes.</summary>
    internal string IdOf(int index) => _data.IdOf(index);

    /// <summary>The sha256 of names, images and labels; 64 lower-case hexadecimal digits.</summary>
    /// <exception cref="FreeMaskException">A file cannot be read.</exception>
    internal string Hash() => DatasetHash.Of(_data);

    /// <summary>Loads an image.</summary>
    /// <exception cref="FreeMaskException">A file is missing or damaged.</exception>
    internal LabeledImage Load(int index)
    {
        var sample = _data.Load(index);
        return sample with
        {
            Labels = new LabelMap(
                sample.Labels.Width,
                sample.Labels.Height,
                Array.ConvertAll(sample.Labels.Labels, label => label < _table.Length ? _table[label] : LabelMap.Ignore)
            ),
        };
    }

    /// <summary>Loads the images one after another.</summary>
    internal IEnumerable<LabeledImage> LoadAll() => Enumerable.Range(0, Count).Select(Load);
}
