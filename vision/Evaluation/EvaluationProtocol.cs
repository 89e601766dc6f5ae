using FreeMask.Vision.Datasets;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Vision.Evaluation;

/// <summary>
/// Which classes an evaluation counts: those of the run's label set, some of them alone, or a merge. The protocols of DiffuMask and
/// Free-Mask are among them.
/// </summary>
internal sealed class EvaluationProtocol
{
    /// <summary>All classes of the label set, background included.</summary>
    internal const string All = "all";

    /// <summary>As <see cref="All"/>; the mean of the classes that only synthetic images show is compared with that of the
    /// others.</summary>
    internal const string ZeroShot = "zero-shot";

    /// <summary>Cityscapes merged to human and vehicle, without background.</summary>
    internal const string HumanVehicle = "human-vehicle";

    /// <summary>Bus, car and person, without background.</summary>
    internal const string BusCarPerson = "bus-car-person";

    /// <summary>The classes of the run alone, without background.</summary>
    internal const string Classes = "classes";

    /// <summary>The protocols.</summary>
    internal static IReadOnlyList<string> Names { get; } = [All, ZeroShot, HumanVehicle, BusCarPerson, Classes];

    private readonly LabelSet _labels;
    private readonly IReadOnlyList<int> _unseen;

    private EvaluationProtocol(string name, LabelSet target, LabelSet labels, IReadOnlyList<int> unseen) =>
        (Name, Target, _labels, _unseen) = (name, target, labels, unseen);

    /// <summary>Its name.</summary>
    internal string Name { get; }

    /// <summary>The label set that truth and prediction are compared in.</summary>
    internal LabelSet Target { get; }

    /// <summary>Whether background counts in the mean.</summary>
    internal bool CountsBackground => Name is All or ZeroShot;

    /// <summary>Whether classes of a data set that the protocol does not name are background.</summary>
    internal bool OthersAreBackground => !CountsBackground;

    /// <summary>The classes of the data set that the mean is over.</summary>
    internal IReadOnlyList<int> Counted { get; private init; } = [];

    /// <summary>Makes a protocol.</summary>
    /// <param name="name">One of the constants.</param>
    /// <param name="labels">The label set of the segmenter.</param>
    /// <param name="classes">The classes of the run: those that its synthetic images show.</param>
    /// <exception cref="FreeMaskException">The label set lacks a class of the protocol, or there is no such protocol.</exception>
    internal static EvaluationProtocol Of(string name, LabelSet labels, IReadOnlyList<string> classes)
    {
        var target = name switch
        {
            All or ZeroShot => labels,
            HumanVehicle => LabelSet.Named("cityscapes-human-vehicle"),
            BusCarPerson => Only(name, ["bus", "car", "person"]),
            Classes => Only(name, classes),
            _ => throw new FreeMaskException($"There is no protocol '{name}'."),
        };
        foreach (var item in target.Classes)
            if (!labels.Names.Skip(1).Any(known => target.Match(known) == item.Id))
                throw new FreeMaskException(
                    $"The protocol '{name}' counts '{item.Name}', and the label set '{labels.Name}' has no such class."
                );
        var unseen = name == ZeroShot ? [.. classes.Select(labels.IndexOf).Where(id => id > 0)] : Array.Empty<int>();
        if (name == ZeroShot && unseen.Length == labels.Classes.Count)
            throw new FreeMaskException(
                "Every class of the label set is one of the run's, which are the unseen ones; leave those out that real images show."
            );
        return new EvaluationProtocol(name, target, labels, unseen)
        {
            Counted = [.. Enumerable.Range(0, target.Names.Count).Skip(name is All or ZeroShot ? 0 : 1)],
        };
    }

    /// <summary>Opens a data set to measure segmenters on, in the labels of <see cref="Target"/>.</summary>
    /// <param name="folder">The data set.</param>
    /// <param name="layout">Its layout; null to recognize it.</param>
    /// <param name="part">Its part; null for <c>val</c> where there is such a part, and in VOC's layout all images.</param>
    /// <param name="pairs">Pairs of class names that differ.</param>
    /// <exception cref="FreeMaskException">It cannot be read, or has classes that the protocol does not know.</exception>
    internal MatchedDataset Open(string folder, string? layout, string? part, IReadOnlyList<string> pairs) =>
        new(LabeledDataset.OpenToMeasure(folder, layout, part), new(Target, pairs, OthersAreBackground));

    /// <summary>Opens real images to train on, in the labels of the segmenter. Pixels of unseen classes are unknown.</summary>
    /// <param name="folder">The data set.</param>
    /// <param name="part">Its part; null for <c>train</c> where there is such a part, else everything.</param>
    /// <param name="pairs">Pairs of class names that differ.</param>
    /// <exception cref="FreeMaskException">It cannot be read, or has classes that the label set does not know.</exception>
    internal MatchedDataset OpenReal(string folder, string? part, IReadOnlyList<string> pairs) =>
        new(LabeledDataset.Open(folder, null, part), new(_labels, pairs, OthersAreBackground, _unseen));

    /// <summary>How the labels of predictions become those of <see cref="Target"/>; null where they are the same.</summary>
    /// <param name="classes">The segmenter's class names, in the order of its labels; null for those of the label set.</param>
    internal ClassMapping? Translation(IReadOnlyList<string>? classes = null) =>
        classes is null && Target == _labels ? null : ClassMapping.To(Target, classes ?? _labels.Names);

    /// <summary>The mean IoU over the classes that count and occur in truth or prediction.</summary>
    internal double MeanIoU(ConfusionMatrix counts)
    {
        var iou = counts.Scores().Iou;
        return SegmentationScores.Mean(Counted.Select(c => iou[c]));
    }

    /// <summary>Seen, unseen and harmonic mean; null for other protocols.</summary>
    internal ZeroShotScores? Split(ConfusionMatrix counts) =>
        Name != ZeroShot
            ? null
            : ZeroShotScores.From(
                counts.Scores().Iou,
                [.. Enumerable.Range(1, Target.Classes.Count).Where(id => !_unseen.Contains(id))],
                _unseen
            );

    /// <summary>Classes that the protocol cannot measure because the data set has none of that name.</summary>
    /// <param name="data">The data set, matched.</param>
    internal IReadOnlyList<string> Missing(MatchedDataset data)
    {
        var wanted = Name switch { All => [], ZeroShot => _unseen, _ => Counted };
        return [.. wanted.Where(id => !data.Labels.Contains(id)).Select(id => Target.Names[id])];
    }

    private static LabelSet Only(string name, IReadOnlyList<string> classes) =>
        new(name, "The classes that a protocol counts.", classes.Select((item, i) => LabelSet.Describe(item, (byte)(i + 1))));
}
