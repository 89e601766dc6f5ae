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
/// <param name="Protocol">Which classes count.</param>
/// <param name="Samples">Number of images.</param>
/// <param name="MIoU">Mean over the classes that count and occur in labels or predictions.</param>
/// <param name="Interval">95 % bootstrap interval of <paramref name="MIoU"/> over images.</param>
/// <param name="BoundaryIoU">Mean over the same classes.</param>
/// <param name="PixelAccuracy">Fraction of labeled pixels that are correct.</param>
/// <param name="MeanAccuracy">Mean over classes of the fraction of their pixels that were found.</param>
/// <param name="FrequencyWeightedIoU">IoU weighted by how many pixels a class has.</param>
/// <param name="ZeroShot">Seen, unseen and harmonic means of the protocol zero-shot, and for VOC's label set with its usual split; null
/// otherwise.</param>
/// <param name="Classes">By class.</param>
internal sealed record SegmenterMeasure(
    string Segmenter,
    string Dataset,
    string Protocol,
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

    /// <summary>The protocol.</summary>
    [JsonIgnore]
    internal required EvaluationProtocol Counted { get; init; }

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

    internal static SegmenterMeasure Take(string folder, MatchedDataset data, EvaluationProtocol protocol, CancellationToken stop)
    {
        using var segmenter = OnnxSegmenter.Load(folder);
        var labels = protocol.Target;
        var names = protocol.Translation(segmenter.Card.Classes)!;
        var evaluation = SegmenterEvaluator.Evaluate(
            data.LoadAll(),
            labels.Names.Count,
            image => names.Apply(segmenter.Segment(image).Labels),
            boundaries: true,
            stop: stop
        );
        evaluation.RequireClasses(data.Root);
        var (scores, boundary) = (evaluation.Total.Scores(), evaluation.Boundaries);
        return new(
            folder,
            data.Root,
            protocol.Name,
            evaluation.Images.Count,
            protocol.MeanIoU(evaluation.Total),
            evaluation.IntervalOf(protocol),
            SegmentationScores.Mean(protocol.Counted.Where(c => boundary[c].Union > 0).Select(c => boundary[c].Iou)),
            scores.PixelAccuracy,
            SegmentationScores.Mean(protocol.Counted.Select(c => scores.Accuracy[c])),
            scores.FrequencyWeightedIou,
            labels.Name == LabelSet.VocName && protocol.Name == EvaluationProtocol.All
                ? ZeroShotScores.From(scores.Iou, ZeroShotScores.VocSeen, ZeroShotScores.VocUnseen)
                : protocol.Split(evaluation.Total),
            protocol
                .Counted.Where(c => !double.IsNaN(scores.Iou[c]))
                .ToDictionary(c => labels.Names[c], c => new ClassMeasure(scores.Iou[c], boundary[c].Iou, scores.Accuracy[c]))
        )
        {
            Images = evaluation.Images,
            Counted = protocol,
        };
    }

    /// <summary>The 95 % interval of how much better this one is than another on the same images.</summary>
    internal ConfidenceInterval Against(SegmenterMeasure baseline) => SegmenterEvaluation.Difference(baseline.Images, Images, Counted);

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
