using System.Globalization;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Segmentation;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary>The evaluation of a segmenter on images that it was not trained on, with the classes of its own data set.</summary>
/// <param name="Dataset">The data set.</param>
/// <param name="Samples">Number of images.</param>
/// <param name="MIoU">Mean over the classes that occur in labels or predictions.</param>
/// <param name="Interval">95 % bootstrap interval of <paramref name="MIoU"/> over images.</param>
/// <param name="PixelAccuracy">Fraction of labeled pixels that are correct.</param>
/// <param name="Classes">IoU by class.</param>
internal sealed record ValidationMeasure(
    string Dataset,
    int Samples,
    double MIoU,
    ConfidenceInterval Interval,
    double PixelAccuracy,
    IReadOnlyDictionary<string, double> Classes
)
{
    internal static ValidationMeasure Take(string folder, LabeledDataset data, CancellationToken stop)
    {
        using var segmenter = OnnxSegmenter.Load(folder);
        var images = Enumerable.Range(0, data.Count).Select(data.Load);
        var evaluation = SegmenterEvaluator.Evaluate(images, data.Labels.Count, image => segmenter.Segment(image).Labels, stop: stop);
        var scores = evaluation.Total.Scores();
        return new(
            data.Root, evaluation.Images.Count, scores.MeanIou, evaluation.Interval, scores.PixelAccuracy,
            data.Labels.Index().Where(item => !double.IsNaN(scores.Iou[item.Index])).DistinctBy(item => item.Item)
                .ToDictionary(item => item.Item, item => scores.Iou[item.Index], StringComparer.Ordinal));
    }

    internal void Show(IAnsiConsole console)
    {
        console.WriteLine(
            $"mIoU {SegmenterMeasure.Share(MIoU)} (95 %: {SegmenterMeasure.Share(Interval.Low)} to "
                + $"{SegmenterMeasure.Share(Interval.High)}), pixel accuracy {SegmenterMeasure.Share(PixelAccuracy)}, "
                + $"{Samples.ToString(CultureInfo.InvariantCulture)} images of {Dataset}"
        );
        var table = new Table().Border(TableBorder.Simple).AddColumn("class").AddColumn(new TableColumn("IoU").RightAligned());
        foreach (var (name, iou) in Classes) table.AddRow(Markup.Escape(name), SegmenterMeasure.Share(iou));
        console.Write(table);
    }
}
