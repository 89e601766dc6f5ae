using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.Training.Mini;
using FreeMask.Training.Mini.Evaluation;
using FreeMask.Vision;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask eval</c>: evaluates a segmenter on a data set with labels, or the parts of the mini bundle.</summary>
internal static class EvalVerb
{
    private const string DefaultBundle = "mini", HeldOutList = "multi";

    internal static Command Create(VerbHost host)
    {
        var target = new Argument<string?>("target")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "A run that has a segmenter, a folder with model.onnx and card.json, or 'mini' for the bundle itself.",
            HelpName = "RUN|MODEL",
        };
        var segmenter = new Option<string?>("--segmenter")
        {
            Description = "The same by name: a folder with model.onnx and card.json, or a run.",
            HelpName = "RUN|MODEL",
        };
        var dataset = new Option<string?>("--dataset")
        {
            Description =
                $"A data set in a layout of {string.Join(", ", LabeledDataset.Formats)}. Default: the held-out set of the mini bundle.",
            HelpName = "DIR",
        };
        var format = new Option<string?>("--format") { Description = "The data set's layout. Default: recognized.", HelpName = "NAME" };
        var list = new Option<string?>("--list")
        {
            Description = "The part of the data set, such as val. Default: val where there is one; in layout voc all images.",
            HelpName = "NAME",
        };
        var protocol = new Option<string>("--protocol")
        {
            Description = $"Which classes count: {string.Join(", ", EvaluationProtocol.Names)}.",
            DefaultValueFactory = _ => EvaluationProtocol.All,
            HelpName = "NAME",
        };
        var classes = new Option<string[]>("--classes")
        {
            Description =
                "Protocol classes: those that count. Protocol zero-shot: the unseen ones; by default pottedplant, sheep, sofa, train and "
                    + "tvmonitor.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "CLASS",
        };
        var labelSet = Arguments.Labels();
        var classMap = new Option<string[]>("--class-map")
        {
            Description = "Classes of the data set whose names differ, such as rider=person; '*=background' for all others.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "NAME=CLASS",
        };
        var baseline = new Option<string?>("--baseline")
        {
            Description = "Another run or model, measured on the same images and compared.",
            HelpName = "RUN|MODEL",
        };
        var images = new Option<int>("--images")
        {
            Description = "Bundle only: how many held-out images to measure; 0 for all.",
            HelpName = "N",
        }.Within(0, int.MaxValue);
        return host.Handle(
            new Command("eval", "Measure a segmenter (mean IoU, per class), the mini bundle, harmonization, or placement.")
            {
                target,
                segmenter,
                dataset,
                format,
                list,
                protocol,
                classes,
                labelSet,
                classMap,
                baseline,
                images,
                HarmonizationVerb.Create(host),
                PlacementVerb.Create(host),
            },
            async (parsed, context, stop) =>
            {
                var named = (parsed.GetValue(target), parsed.GetValue(segmenter)) switch
                {
                    ({ } argument, null) => argument,
                    (null, { } option) => option,
                    (null, null) => throw new FreeMaskException(
                        "Name what to measure: a run, a folder with model.onnx and card.json, or 'mini'."
                    ),
                    _ => throw new FreeMaskException(
                        "Name what to measure once: as the argument or with --segmenter; --baseline names a second one."
                    ),
                };
                if (parsed.GetValue(dataset) is null && host.Bundles.Folder(named, Directory.GetCurrentDirectory()) is { } bundle)
                {
                    Arguments.Refuse(parsed, list, "names a part of a data set; name the data set too, with --dataset");
                    Arguments.Refuse(parsed, baseline, $"compares segmenters, and '{named}' is a bundle");
                    return await BundleAsync(bundle, parsed.GetValue(images), context, stop);
                }

                Arguments.Refuse(
                    parsed,
                    images,
                    "is for bundles, such as 'eval mini'; a data set is measured whole, or a part of it with --list"
                );
                var folder = SegmenterFolder(named, context);
                var labels = Arguments.LabelsOf(parsed.GetValue(labelSet)) ?? SegmenterMeasure.LabelsOf(folder);
                var counted = Protocol(parsed.GetRequiredValue(protocol), labels, parsed.GetValue(classes) ?? []);
                var source = (Format: parsed.GetValue(format), List: parsed.GetValue(list), Pairs: parsed.GetValue(classMap) ?? []);
                var data = Dataset(host, parsed.GetValue(dataset), source, counted);
                var other = parsed.GetValue(baseline) is { } rival ? SegmenterFolder(rival, context) : null;
                var measure = SegmenterMeasure.Take(folder, data, counted, stop);
                return other is null ? new(measure, measure.Show) : Compare(measure, SegmenterMeasure.Take(other, data, counted, stop));
            }
        );
    }

    private static VerbResult Compare(SegmenterMeasure measure, SegmenterMeasure baseline)
    {
        var (difference, interval) = (measure.MIoU - baseline.MIoU, measure.Against(baseline));
        return new(new { measure, baseline, difference, interval }, console =>
        {
            measure.Show(console);
            string Signed(double value) => value.ToString("+0.000;-0.000;0.000", CultureInfo.InvariantCulture);
            var verdict = interval.Low > 0 ? "better" : interval.High < 0 ? "worse" : "no clear difference";
            console.WriteLine(
                    $"baseline {baseline.Segmenter}: mIoU {SegmenterMeasure.Share(baseline.MIoU)}; difference {Signed(difference)} (95 "
                        + $"%: {Signed(interval.Low)} to {Signed(interval.High)}), {verdict}"
                );
            var table = new Table().Border(TableBorder.Simple).AddColumn("class");
            foreach (var heading in new[] { "IoU", "baseline", "difference" }) table.AddColumn(new TableColumn(heading).RightAligned());
            foreach (var (name, item) in measure.Classes)
                if (baseline.Classes.TryGetValue(name, out var before))
                    table.AddRow(
                        name,
                        SegmenterMeasure.Share(item.IoU),
                        SegmenterMeasure.Share(before.IoU),
                        Signed(item.IoU - before.IoU)
                    );
            console.Write(table);
        });
    }

    private static async Task<VerbResult> BundleAsync(string folder, int images, CommandContext context, CancellationToken stop)
    {
        var result = await Task.Run(
            () => MiniEvaluation.Run(new MiniEvaluationOptions { Model = folder, Images = images }, context.WriteMessage, stop),
            CancellationToken.None
        );
        return new(result, console =>
        {
            var table = new Table().Border(TableBorder.Simple).AddColumn("class");
            foreach (var heading in new[] { "mask IoU, coarse", "mask IoU, clean", "recognized" })
                table.AddColumn(new TableColumn(heading).RightAligned());
            foreach (var item in result.Classes)
                table.AddRow(
                    item.Name,
                    SegmenterMeasure.Share(item.MaskIoUCoarse),
                    SegmenterMeasure.Share(item.MaskIoUClean),
                    SegmenterMeasure.Share(item.Accuracy)
                );
            table.AddRow(
                    "[bold]all[/]",
                    SegmenterMeasure.Share(result.MaskIoUCoarse),
                    SegmenterMeasure.Share(result.MaskIoUClean),
                    SegmenterMeasure.Share(result.ClassAccuracy)
                );
            console.Write(table);
            console.Profile.Out.Writer.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"decoder PSNR {result.DecoderPsnr:0.00} dB; {result.Images} held-out images, {result.Samples} samples drawn"
                    )
                );
        });
    }

    private static EvaluationProtocol Protocol(string name, LabelSet labels, IReadOnlyList<string> classes)
    {
        if (!EvaluationProtocol.Names.Contains(name))
            throw new FreeMaskException($"There is no protocol '{name}'; there are {string.Join(", ", EvaluationProtocol.Names)}.");
        var isOpen = name is EvaluationProtocol.ZeroShot or EvaluationProtocol.Classes;
        if (!isOpen && classes.Count > 0)
            throw new FreeMaskException($"--classes is for the protocols zero-shot and classes; '{name}' counts classes of its own.");
        if (classes.FirstOrDefault(item => labels.IndexOf(item) < 1) is { } stranger)
            throw new FreeMaskException($"--classes: the label set '{labels.Name}' has no class '{stranger}'.");
        if (isOpen && classes.Count == 0)
            classes = name == EvaluationProtocol.ZeroShot && labels.Name == LabelSet.VocName
                ? [.. ZeroShotScores.VocUnseen.Select(id => labels.Names[id])]
                : throw new FreeMaskException($"The protocol '{name}' needs classes; name them with --classes.");
        return EvaluationProtocol.Of(name, labels, classes);
    }

    private static MatchedDataset Dataset(
        VerbHost host,
        string? named,
        (string? Format, string? List, string[] Pairs) source,
        EvaluationProtocol protocol
    )
    {
        if (named is not null) return protocol.Open(named, source.Format, source.List, source.Pairs);
        var bundle =
            host.Bundles.Folder(DefaultBundle, Directory.GetCurrentDirectory())
            ?? throw new FreeMaskException(
                $"The bundle '{DefaultBundle}' with its held-out set is not here. Name a data set with --dataset."
            );
        return protocol.Open(Path.Combine(bundle, MiniDiffusionTrainer.HeldOutFolder), null, source.List ?? HeldOutList, source.Pairs);
    }

    private static string SegmenterFolder(string target, CommandContext context)
    {
        string[] candidates = [target, new RunFolder(context.Data, target).Segmenter];
        return
            candidates.FirstOrDefault(folder =>
                File.Exists(Path.Combine(folder, ModelFileNames.Onnx)) && File.Exists(Path.Combine(folder, ModelFileNames.Card))
            )
                is { } found
            ? Path.GetFullPath(found)
            : throw new FreeMaskException(
                $"'{target}' is neither a run in {context.Data.Root} that has trained a segmenter, nor a folder with model.onnx and "
                    + "card.json."
            );
    }
}
