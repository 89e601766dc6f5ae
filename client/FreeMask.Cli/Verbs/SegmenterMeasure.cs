using System.Globalization;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Export;
using FreeMask.Vision.Segmentation;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary>A segmenter's agreement with the true labels of a data set, as verbs show it.</summary>
/// <param name="Segmenter">Folder of the model.</param>
/// <param name="Dataset">Folder of the data set.</param>
/// <param name="Samples">How many pictures were compared.</param>
/// <param name="MIoU">Mean over the classes that occur in labels or predictions, background included.</param>
/// <param name="PixelAccuracy">Share of the labelled pixels that are right.</param>
/// <param name="IoU">By class.</param>
internal sealed record SegmenterMeasure(string Segmenter, string Dataset, int Samples, double MIoU, double PixelAccuracy, IReadOnlyDictionary<string, double> IoU)
{
    internal static SegmenterMeasure Take(string folder, VocDataset data, CancellationToken stop)
    {
        using var segmenter = OnnxSegmenter.Load(folder);
        var confusion = new ConfusionMatrix(VocClasses.Names.Count);
        foreach (var sample in data.LoadAll())
        {
            stop.ThrowIfCancellationRequested();
            confusion.Add(sample.Labels, segmenter.Segment(sample.Image).Labels);
        }

        var scores = confusion.Scores();
        var classes = VocClasses.Names.Zip(scores.Iou).Where(item => !double.IsNaN(item.Second)).ToDictionary(item => item.First, item => item.Second);
        return new(folder, data.Root, data.Entries.Count, scores.MeanIou, scores.PixelAccuracy, classes);
    }

    internal void Show(IAnsiConsole console)
    {
        console.WriteLine($"mIoU {Share(MIoU)}, pixel accuracy {Share(PixelAccuracy)} over {Samples.ToString(CultureInfo.InvariantCulture)} samples");
        var table = new Table().Border(TableBorder.Simple).AddColumn("class").AddColumn(new TableColumn("IoU").RightAligned());
        foreach (var (name, iou) in IoU) table.AddRow(name, Share(iou));
        console.Write(table);
    }

    internal static string Share(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
