using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Training.Mini.Art;
using FreeMask.Training.Placement;
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
        var dataset = new Option<string?>("--dataset")
        {
            Description = $"Images with masks: a layout of {string.Join(", ", LabeledDataset.Formats)}, or folders images and masks.",
            HelpName = "DIR",
        };
        var scenes = new Option<int>("--scenes")
        {
            Description =
                "Measure on so many rendered scenes of the mini bundle's art in place of images: each with and without its object, of art "
                    + "that no training sees.",
            HelpName = "N",
        }.Within(10, 100_000);
        var art = Arguments.Art();
        var patches = new Option<bool>("--patches")
        {
            Description =
                "A control for --scenes: ask for the place of a patch of the scene without its object. Who knows only what is plausible "
                    + "cannot find it (0.5).",
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
                "Measure placement: the true place and size of objects in photographs or rendered scenes against other places and sizes; "
                    + "at random, by the rules, and by a model."
            )
            {
                dataset,
                scenes,
                art,
                patches,
                model,
                objects,
                seed,
            },
            async (parsed, context, stop) =>
            {
                var isRendered = parsed.GetResult(scenes) is not null;
                if (isRendered == parsed.GetValue(dataset) is not null)
                    throw new FreeMaskException("Name images to measure on with --dataset, or a number of rendered scenes with --scenes.");
                var folder = parsed.GetValue(model) is { } named ? NamedPath.Full(named, "--model") : null;
                using var learned = folder is null ? null : PlacementModel.Load(folder);
                var (source, count, trials) = isRendered
                    ? Rendered(parsed, context, objects, scenes, art, patches, seed)
                    : Photographs(parsed, context, folder, (dataset, art, patches, objects, seed), stop);
                var results = await Task.Run(
                    () => PlacementEvaluation.Run(trials, learned, parsed.GetValue(seed), stop), CancellationToken.None);
                return new VerbResult(
                    new
                    {
                        dataset = source,
                        model = learned is null ? null : new { sha256 = learned.Hash },
                        images = count,
                        methods = results,
                    },
                    console => Show(console, results)
                );
            }
        );
    }

    private static (string Source, int Count, IEnumerable<PlacementTrial> Trials) Photographs(
        ParseResult parsed,
        CommandContext context,
        string? folder,
        (Option<string?> Dataset, Option<string> Art, Option<bool> Patches, Option<int> Objects, Option<ulong> Seed) options,
        CancellationToken stop
    )
    {
        Arguments.Refuse(parsed, options.Art, "is for --scenes");
        Arguments.Refuse(parsed, options.Patches, "is for --scenes");
        var images = ObjectImages.Open(NamedPath.Full(parsed.GetValue(options.Dataset)!, "--dataset"), byInstance: true);
        var known = folder is null ? new HashSet<string>() : PlacementConfig.ImagesOf(folder);
        var left = Enumerable.Range(0, images.Count).Count(i => !known.Contains(images.IdOf(i)));
        context.WriteMessage(
            left == images.Count
                ? $"Objects of {images.Count} images."
                : $"Objects of {left} of {images.Count} images; the model learned from the others."
        );
        return (
            images.Root,
            left,
            PhotographTrials.Of(images, known, parsed.GetValue(options.Objects), parsed.GetValue(options.Seed), stop)
        );
    }

    private static (string Source, int Count, IEnumerable<PlacementTrial> Trials) Rendered(
        ParseResult parsed,
        CommandContext context,
        Option<int> objects,
        Option<int> scenes,
        Option<string> art,
        Option<bool> patches,
        Option<ulong> seed
    )
    {
        Arguments.Refuse(parsed, objects, "is for --dataset");
        var (folder, count) = (NamedPath.Full(parsed.GetRequiredValue(art), "--art"), parsed.GetValue(scenes));
        var drawings = ArtCatalog.Load(folder);
        context.WriteMessage($"{count} rendered scenes of {drawings.Sprites.Count(sprite => sprite.HeldOut)} held-out drawings.");
        var trials = parsed.GetValue(patches)
            ? SceneTrials.Patches(drawings, count, parsed.GetValue(seed))
            : SceneTrials.Draw(drawings, count, parsed.GetValue(seed));
        return (folder, count, trials);
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
        PlacementEvaluation.Floating => "nothing to stand on",
        PlacementEvaluation.Covering => "over another object",
        PlacementEvaluation.Scene => "a scene that offers nothing to rest on",
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
