using System.Globalization;
using System.Text.Json.Serialization;
using FreeMask.Files;
using FreeMask.Vision;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Segmentation;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary>The evaluation of one class.</summary>
/// <param name="IoU">Intersection over union.</param>
/// <param name="BoundaryIoU">IoU of the regions along the outlines.</param>
/// <param name="Accuracy">Fraction of the class's pixels that were found; NaN if the labels have none.</param>
internal sealed record ClassMeasure(double IoU, double BoundaryIoU, double Accuracy);

/// <summary>The evaluation of a segmenter on a data set with labels.</summary>
/// <param name="Segmenter">Folder of the model.</param>
/// <param name="Dataset">Folder of the data set.</param>
/// <param name="Samples">Number of images.</param>
/// <param name="MIoU">Mean over the classes that occur in labels or predictions, background included.</param>
/// <param name="Interval">95 % bootstrap interval of <paramref name="MIoU"/> over images.</param>
/// <param name="BoundaryIoU">Mean over the same classes.</param>
/// <param name="PixelAccuracy">Fraction of labeled pixels that are correct.</param>
/// <param name="MeanAccuracy">Mean over classes of the fraction of their pixels that were found.</param>
/// <param name="FrequencyWeightedIoU">IoU weighted by how many pixels a class has.</param>
/// <param name="ZeroShot">Seen, unseen and harmonic means with VOC's split; null for other label sets.</param>
/// <param name="Classes">By class.</param>
internal sealed record SegmenterMeasure(
    string Segmenter,
    string Dataset,
    int Samples,
    double MIoU,
    ConfidenceInterval Interval,
    double BoundaryIoU,
    double PixelAccuracy,
    double MeanAccuracy,
    double FrequencyWeightedIoU,
    ZeroShotScores? ZeroShot,
    IReadOnlyDictionary<string, ClassMeasure> Classes
)
{
    /// <summary>One matrix an image, in the order of the data set.</summary>
    [JsonIgnore]
    internal required IReadOnlyList<ConfusionMatrix> Images { get; init; }

    /// <summary>The label set that a model is measured in, where nobody names one: VOC's if the model has a class of it, else the model's
    /// classes.</summary>
    internal static LabelSet LabelsOf(string folder)
    {
        var classes = SegmenterCard.Load(Path.Combine(folder, ModelFileNames.Card)).Classes;
        if (LabelSet.BuiltIn.Select(LabelSet.Named).FirstOrDefault(set => set.Names.SequenceEqual(classes)) is { } same) return same;
        return classes.Any(name => LabelSet.Voc.Match(name) > 0)
            ? LabelSet.Voc
            : LabelSet.Own(classes.Where(name => LabelSet.Plain(name) != LabelSet.Background));
    }

    internal static SegmenterMeasure Take(string folder, VocFolder data, LabelSet labels, CancellationToken stop)
    {
        using var segmenter = OnnxSegmenter.Load(folder);
        var classes = labels.Names.Count;
        var names = ClassMapping.To(labels, segmenter.Card.Classes);
        var evaluation = SegmenterEvaluator.Evaluate(
            data.LoadAll(),
            classes,
            image => names.Apply(segmenter.Segment(image).Labels),
            boundaries: true,
            stop: stop
        );
        evaluation.RequireClasses(data.Root);
        var (scores, boundary) = (evaluation.Total.Scores(), evaluation.Boundaries);
        return new(
            folder,
            data.Root,
            evaluation.Images.Count,
            scores.MeanIou,
            evaluation.Interval,
            evaluation.MeanBoundaryIoU,
            scores.PixelAccuracy,
            scores.MeanAccuracy,
            scores.FrequencyWeightedIou,
            labels.Name == LabelSet.VocName
                ? ZeroShotScores.From(scores.Iou, ZeroShotScores.VocSeen, ZeroShotScores.VocUnseen)
                : null,
            labels
                .Names.Index()
                .Where(item => !double.IsNaN(scores.Iou[item.Index]))
                .ToDictionary(
                    item => item.Item,
                    item => new ClassMeasure(scores.Iou[item.Index], boundary[item.Index].Iou, scores.Accuracy[item.Index])
                )
        )
        {
            Images = evaluation.Images,
        };
    }

    /// <summary>The 95 % interval of how much better this one is than another on the same images.</summary>
    internal ConfidenceInterval Against(SegmenterMeasure baseline) => SegmenterEvaluation.Difference(baseline.Images, Images);

    internal void Show(IAnsiConsole console)
    {
        console.WriteLine(
            $"mIoU over {Classes.Count.ToString(CultureInfo.InvariantCulture)} classes {Share(MIoU)} (95 %: {Share(Interval.Low)} to "
                + $"{Share(Interval.High)}), boundary IoU {Share(BoundaryIoU)}, {Samples.ToString(CultureInfo.InvariantCulture)} samples "
                + $"of {Dataset}"
        );
        console.WriteLine(
            $"pixel accuracy {Share(PixelAccuracy)}, mean accuracy {Share(MeanAccuracy)}, frequency-weighted IoU "
                + $"{Share(FrequencyWeightedIoU)}"
        );
        if (ZeroShot is { } split)
            console.WriteLine(
                $"zero-shot split: seen {Share(split.Seen)}, unseen {Share(split.Unseen)}, harmonic {Share(split.Harmonic)}"
            );
        var table = new Table().Border(TableBorder.Simple).AddColumn("class");
        foreach (var heading in new[] { "IoU", "boundary IoU", "accuracy" }) table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var (name, item) in Classes) table.AddRow(name, Share(item.IoU), Share(item.BoundaryIoU), Share(item.Accuracy));
        console.Write(table);
    }

    internal static string Share(double value) => double.IsNaN(value) ? "–" : value.ToString("0.000", CultureInfo.InvariantCulture);
}
