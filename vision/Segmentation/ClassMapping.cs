using FreeMask.Imaging;

namespace FreeMask.Vision.Segmentation;

/// <summary>Translates the labels of a model or data set into those of a label set, by the names of the classes.</summary>
internal sealed class ClassMapping
{
    /// <summary>In a pair: all names that are in no other pair and no class.</summary>
    internal const string Others = "*";

    private const string Ignored = "ignore";

    private readonly byte[] _labels;

    private ClassMapping(byte[] labels) => _labels = labels;

    /// <summary>The label for each class of the model; 0 where the label set has none.</summary>
    public IReadOnlyList<byte> Labels => _labels;

    /// <summary>
    /// Matches names, whatever their case and spaces, and the other names of classes. Classes that the label set does not have become
    /// background.
    /// </summary>
    /// <param name="labels">The label set.</param>
    /// <param name="classes">The model's class names, in the order of its labels.</param>
    /// <param name="pairs">Pairs such as <c>rider=person</c>: a name of the model, and the label set's; <c>ignore</c> for 255.</param>
    /// <exception cref="FreeMaskException">A pair names an unknown class, or no class but background is left.</exception>
    public static ClassMapping To(LabelSet labels, IReadOnlyList<string> classes, IEnumerable<string>? pairs = null)
    {
        var found = Find(labels, classes, pairs);
        return found.Any(label => label is > 0 and < LabelMap.Ignore)
            ? new([.. found.Select(label => (byte)Math.Max(0, label))])
            : throw new FreeMaskException(
                $"None of the segmenter's classes ({string.Join(", ", classes.Take(5))}, ...) is one of {NameOf(labels)}; pair them in "
                    + "classMap, such as 'rider=person'."
            );
    }

    /// <summary>The same for a data set, of which every class must be known.</summary>
    /// <param name="labels">The label set.</param>
    /// <param name="classes">The data set's class names, in the order of its labels.</param>
    /// <param name="pairs">As for a model; <c>*=background</c> pairs all other names.</param>
    /// <param name="strangers">The names that neither the label set nor a pair has.</param>
    /// <exception cref="FreeMaskException">A pair names an unknown class.</exception>
    public static byte[] ToAll(
        LabelSet labels,
        IReadOnlyList<string> classes,
        IEnumerable<string>? pairs,
        out IReadOnlyList<string> strangers
    )
    {
        var found = Find(labels, classes, pairs);
        strangers = [.. classes.Where((_, i) => found[i] < 0)];
        return [.. found.Select(label => (byte)Math.Max(0, label))];
    }

    private static int[] Find(LabelSet labels, IReadOnlyList<string> classes, IEnumerable<string>? pairs)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classes);
        var parsed = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (name, label) in (pairs ?? []).Select(pair => Parse(pair, classes, labels))) parsed[name] = label;
        var others = parsed.TryGetValue(Others, out var all) ? all : -1;
        return
        [
            .. classes.Select(name =>
                parsed.TryGetValue(LabelSet.Plain(name), out var label) ? label
                : labels.Match(name) is >= 0 and var own ? own
                : others
            ),
        ];
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

    /// <summary>How messages speak of a label set's classes.</summary>
    internal static string NameOf(LabelSet labels) =>
        labels.Name switch
        {
            LabelSet.VocName => "VOC's",
            LabelSet.OwnName => "the run's",
            var name => $"those of the label set '{name}'",
        };

    private static (string Name, int Label) Parse(string pair, IReadOnlyList<string> classes, LabelSet labels)
    {
        var parts = pair.Split('=', StringSplitOptions.TrimEntries);
        if (parts.Length != 2)
            throw new FreeMaskException(
                $"'{pair}' is no pair of classes; write the segmenter's or data set's name, =, and the run's, such as 'rider=person'."
            );
        if (parts[0] != Others && !classes.Any(name => LabelSet.Plain(name) == LabelSet.Plain(parts[0])))
            throw new FreeMaskException($"'{pair}': there is no class '{parts[0]}'; there are {string.Join(", ", classes)}.");
        var label = parts[1] == Ignored ? LabelMap.Ignore : labels.IndexOf(parts[1]);
        return label >= 0
            ? (parts[0] == Others ? Others : LabelSet.Plain(parts[0]), label)
            : throw new FreeMaskException($"'{pair}': '{parts[1]}' is none of {NameOf(labels)} classes.");
    }
}
