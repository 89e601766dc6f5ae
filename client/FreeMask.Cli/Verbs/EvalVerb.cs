using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Export;
using FreeMask.Vision.Segmentation;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask eval</c>: how well a segmenter does on a data set with true labels.</summary>
internal static class EvalVerb
{
    internal static Command Create(VerbHost host)
    {
        var target = new Argument<string>("target") { Description = "A run that has a segmenter, or a folder with model.onnx and card.json.", HelpName = "RUN|FOLDER" };
        var dataset = new Option<string>("--dataset") { Description = "A data set in PASCAL VOC layout.", Required = true, HelpName = "DIR" };
        var list = new Option<string?>("--list") { Description = "Only the samples of this list in ImageSets/Segmentation, such as val. Default: all.", HelpName = "NAME" };
        return host.Handle(new Command("eval", "Measure a segmenter: mean IoU and IoU per class.") { target, dataset, list }, (parsed, desk, stop) =>
        {
            var folder = SegmenterFolder(parsed.GetRequiredValue(target), desk);
            var data = VocDataset.Open(parsed.GetRequiredValue(dataset), parsed.GetValue(list));
            using var segmenter = OnnxSegmenter.Load(folder);
            var confusion = new ConfusionMatrix(VocClasses.Names.Count);
            foreach (var sample in data.LoadAll())
            {
                stop.ThrowIfCancellationRequested();
                confusion.Add(sample.Labels, segmenter.Segment(sample.Image).Labels);
            }

            var scores = confusion.Scores();
            var classes = VocClasses.Names.Zip(scores.Iou).Where(item => !double.IsNaN(item.Second)).ToDictionary(item => item.First, item => item.Second);
            var document = new { segmenter = folder, dataset = data.Root, samples = data.Entries.Count, mIoU = scores.MeanIou, pixelAccuracy = scores.PixelAccuracy, iou = classes };
            return Task.FromResult(new Outcome(document, console => Show(console, data.Entries.Count, scores, classes)));
        });
    }

    private static string SegmenterFolder(string target, Desk desk)
    {
        string[] candidates = [target, new RunFolder(desk.Data, target).Segmenter];
        return candidates.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "model.onnx")) && File.Exists(Path.Combine(folder, "card.json"))) is { } found
            ? Path.GetFullPath(found)
            : throw new FreeMaskException($"'{target}' is neither a run in {desk.Data.Root} that has trained a segmenter, nor a folder with model.onnx and card.json.");
    }

    private static void Show(IAnsiConsole console, int samples, SegmentationScores scores, Dictionary<string, double> classes)
    {
        static string Share(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
        console.WriteLine($"mIoU {Share(scores.MeanIou)}, pixel accuracy {Share(scores.PixelAccuracy)} over {samples.ToString(CultureInfo.InvariantCulture)} samples");
        var table = new Table().Border(TableBorder.Simple).AddColumn("class").AddColumn(new TableColumn("IoU").RightAligned());
        foreach (var (name, iou) in classes) table.AddRow(name, Share(iou));
        console.Write(table);
    }
}
