using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Placement;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask eval placement</c>: how well the true place of objects is told from others.</summary>
internal static class PlacementVerb
{
    internal static Command Create(VerbHost host)
    {
        var dataset = new Option<string>("--dataset")
        {
            Description = $"Images with masks: a layout of {string.Join(", ", LabeledDataset.Formats)}, or folders images and masks.",
            Required = true,
            HelpName = "DIR",
        };
        var model = new Option<string?>("--model")
        {
            Description =
                "A placement model to measure too: a folder of 'train placement', or a public FOPA. Images that it learned from are left "
                    + "out.",
            HelpName = "DIR",
        };
        var objects = new Option<int>("--objects")
        {
            Description = "How many objects are measured at most.",
            DefaultValueFactory = _ => 500,
            HelpName = "N",
        }.Within(1, 100_000);
        var seed = Arguments.Seed("Names the other places and the draws of the intervals.");
        return host.Handle(
            new Command(
                "placement",
                "Measure placement: the true place and size of objects in photographs against other places, places on the same row, and "
                    + "other sizes; at random, by the rules, and by a model."
            )
            {
                dataset,
                model,
                objects,
                seed,
            },
            async (parsed, context, stop) =>
            {
                var images = ObjectImages.Open(NamedPath.Full(parsed.GetRequiredValue(dataset), "--dataset"), byInstance: true);
                var folder = parsed.GetValue(model) is { } named ? NamedPath.Full(named, "--model") : null;
                using var learned = folder is null ? null : PlacementModel.Load(folder);
                var known = folder is null ? new HashSet<string>() : PlacementConfig.ImagesOf(folder);
                var left = Enumerable.Range(0, images.Count).Count(i => !known.Contains(images.IdOf(i)));
                context.WriteMessage(
                    left == images.Count
                        ? $"Objects of {images.Count} images."
                        : $"Objects of {left} of {images.Count} images; the model learned from the others."
                );
                var results = await Task.Run(
                    () => PlacementEvaluation.Run(
                        images, known, learned, parsed.GetValue(objects), parsed.GetValue(seed), stop),
                    CancellationToken.None
                );
                return new VerbResult(
                    new
                    {
                        dataset = images.Root,
                        model = learned is null ? null : new { sha256 = learned.Hash },
                        images = left,
                        methods = results,
                    },
                    console => Show(console, results)
                );
            }
        );
    }

    private static void Show(IAnsiConsole console, IReadOnlyList<PlacementResult> results)
    {
        string[] columns = ["objects", "places", "AUC (95 %)", "accuracy (95 %)"];
        foreach (var group in results.GroupBy(result => result.Against))
            WideTable.Write(
                console, Title(group.Key), columns, [.. group.Select(result => (result.Method, Cells(result)))]);
    }

    private static string Title(string? against) => against switch
    {
        PlacementEvaluation.Place => "another place",
        PlacementEvaluation.Row => "another place on the same row",
        PlacementEvaluation.Size => "another size",
        _ => "all",
    };

    private static IReadOnlyList<string> Cells(PlacementResult result) =>
        [
            Text($"{result.Objects}"),
            Text($"{result.Places}"),
            Text($"{result.Auc:0.000} ({result.AucInterval.Low:0.000}-{result.AucInterval.High:0.000})"),
            Text($"{result.Accuracy:0.000} ({result.AccuracyInterval.Low:0.000}-{result.AccuracyInterval.High:0.000})"),
        ];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
