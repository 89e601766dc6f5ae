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
    string Dataset, int Samples, double MIoU, ConfidenceInterval Interval, double PixelAccuracy, IReadOnlyDictionary<string, double> Classes)
{
    private const ulong IntervalSeed = 1;

    internal static ValidationMeasure Take(string folder, LabeledDataset data, CancellationToken stop)
    {
        using var segmenter = OnnxSegmenter.Load(folder);
        var total = new ConfusionMatrix(data.Labels.Count);
        var images = new List<ConfusionMatrix>(data.Count);
        for (var i = 0; i < data.Count; i++)
        {
            stop.ThrowIfCancellationRequested();
            var sample = data.Load(i);
            var image = new ConfusionMatrix(data.Labels.Count);
            image.Add(sample.Labels, segmenter.Segment(sample.Image).Labels);
            images.Add(image);
            total.Add(image);
        }

        var scores = total.Scores();
        return new(
            data.Root, images.Count, scores.MeanIou, Bootstrap.MeanIou(images, IntervalSeed), scores.PixelAccuracy,
            data.Labels.Index().Where(item => !double.IsNaN(scores.Iou[item.Index])).DistinctBy(item => item.Item)
                .ToDictionary(item => item.Item, item => scores.Iou[item.Index], StringComparer.Ordinal));
    }

    internal void Show(IAnsiConsole console)
    {
        console.WriteLine($"mIoU {SegmenterMeasure.Share(MIoU)} (95 %: {SegmenterMeasure.Share(Interval.Low)} to {SegmenterMeasure.Share(Interval.High)}), pixel accuracy {SegmenterMeasure.Share(PixelAccuracy)}, {Samples.ToString(CultureInfo.InvariantCulture)} images of {Dataset}");
        var table = new Table().Border(TableBorder.Simple).AddColumn("class").AddColumn(new TableColumn("IoU").RightAligned());
        foreach (var (name, iou) in Classes) table.AddRow(Markup.Escape(name), SegmenterMeasure.Share(iou));
        console.Write(table);
    }
}
