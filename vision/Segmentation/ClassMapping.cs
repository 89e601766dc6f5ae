using FreeMask.Imaging;

namespace FreeMask.Vision.Segmentation;

/// <summary>Translates the labels of a model into PASCAL VOC's; classes that VOC does not know become background.</summary>
internal sealed class ClassMapping
{
    // What COCO, ADE20K and Cityscapes call VOC's classes.
    private static readonly Dictionary<string, string> Synonyms = new(StringComparer.Ordinal)
    {
        ["airplane"] = "aeroplane",
        ["plane"] = "aeroplane",
        ["couch"] = "sofa",
        ["motorcycle"] = "motorbike",
        ["minibike"] = "motorbike",
        ["tv"] = "tvmonitor",
        ["television"] = "tvmonitor",
        ["televisionreceiver"] = "tvmonitor",
        ["table"] = "diningtable",
        ["flowerpot"] = "pottedplant",
        ["human"] = "person",
        ["bike"] = "bicycle",
    };

    private readonly byte[] _labels;

    private ClassMapping(byte[] labels) => _labels = labels;

    /// <summary>VOC's index for each class of the model; 0 where VOC has none.</summary>
    public IReadOnlyList<byte> Labels => _labels;

    /// <summary>Matches names, whatever their case and spaces, and the usual other names.</summary>
    /// <param name="classes">The model's class names, in the order of its labels.</param>
    /// <param name="overrides">Pairs such as <c>rider=person</c>: a name of the model, and VOC's.</param>
    /// <exception cref="FreeMaskException">A pair names an unknown class, or no class but background is left.</exception>
    public static ClassMapping ToVoc(IReadOnlyList<string> classes, IEnumerable<string>? overrides = null)
    {
        ArgumentNullException.ThrowIfNull(classes);
        var pairs = (overrides ?? [])
            .Select(pair => Parse(pair, classes))
            .ToDictionary(pair => pair.Name, pair => pair.Label, StringComparer.Ordinal);
        var labels = classes.Select(name => pairs.TryGetValue(Plain(name), out var label) ? label : Match(name)).ToArray();
        return labels.Any(label => label != 0)
            ? new(labels)
            : throw new FreeMaskException(
                $"None of the segmenter's classes ({string.Join(", ", classes.Take(5))}, ...) is one of VOC's; pair them in classMap, "
                    + "such as 'rider=person'."
            );
    }

    /// <summary>Translates a label map; labels that the model has no name for become 255.</summary>
    public LabelMap Apply(LabelMap labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return new LabelMap(
            labels.Width,
            labels.Height,
            Array.ConvertAll(labels.Labels, label => label < _labels.Length ? _labels[label] : LabelMap.Ignore)
        );
    }

    private static (string Name, byte Label) Parse(string pair, IReadOnlyList<string> classes)
    {
        var parts = pair.Split('=', StringSplitOptions.TrimEntries);
        if (parts.Length != 2)
            throw new FreeMaskException(
                $"'{pair}' is no pair of classes; write the segmenter's name, =, and VOC's, such as 'rider=person'."
            );
        if (!classes.Any(name => Plain(name) == Plain(parts[0])))
            throw new FreeMaskException($"'{pair}': the segmenter has no class '{parts[0]}'; it has {string.Join(", ", classes)}.");
        var label = VocClasses.IndexOf(parts[1]);
        return label >= 0
            ? (Plain(parts[0]), (byte)label)
            : throw new FreeMaskException($"'{pair}': '{parts[1]}' is none of VOC's classes.");
    }

    /// <summary>VOC's index for a name of another data set, whatever its case and spaces, or one of the usual other names; -1 where VOC has
    /// none.</summary>
    internal static int VocIndexOf(string name)
    {
        var plain = Plain(name);
        return VocClasses.IndexOf(Synonyms.GetValueOrDefault(plain, plain));
    }

    private static byte Match(string name) => VocIndexOf(name) is > 0 and var label ? (byte)label : LabelMap.Background;

    private static string Plain(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
}
