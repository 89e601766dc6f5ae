using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Training.Mini;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Harmonization;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask eval harmonization</c>: how near harmonized objects come to their true colors.</summary>
internal static class HarmonizationVerb
{
    private const string DefaultBundle = "mini";

    internal static Command Create(VerbHost host)
    {
        var dataset = new Option<string?>("--dataset")
        {
            Description =
                "Pairs (NAME.png, NAME-gt.png, NAME-mask.png), or images with masks whose objects are recolored: a layout of "
                    + $"{string.Join(", ", LabeledDataset.Formats)}, or folders images and masks. Default: the held-out set of the mini "
                    + "bundle.",
            HelpName = "DIR",
        };
        var model = new Option<string?>("--model")
        {
            Description = "A harmonizer to measure too: a folder of 'train harmonizer', or a public export.",
            HelpName = "DIR",
        };
        var pairs = new Option<int>("--pairs")
        {
            Description = "How many pairs to make of images with masks.",
            DefaultValueFactory = _ => 150,
            HelpName = "N",
        }.Within(1, 100_000);
        var seed = Arguments.Seed("Names the changes of colors and the draws of the intervals.");
        return host.Handle(
            new Command(
                "harmonization",
                "Measure harmonization on composites whose truth is known: MSE, PSNR, fMSE and SSIM of today's rule, simple transfers, the "
                    + "ceiling, and a model."
            )
            {
                dataset,
                model,
                pairs,
                seed,
            },
            async (parsed, context, stop) =>
            {
                var folder = parsed.GetValue(dataset) is { } named ? NamedPath.Full(named, "--dataset") : HeldOut(host);
                var isMade = !HarmonizationPairs.AreIn(folder);
                if (!isMade)
                    Arguments.Refuse(parsed, pairs, "is for images with masks, and this folder holds pairs; they are measured all");
                var images = isMade ? ObjectImages.Open(folder) : null;
                var count = parsed.GetValue(pairs);
                using var learned = parsed.GetValue(model) is { } path ? HarmonizerModel.Load(NamedPath.Full(path, "--model")) : null;
                context.WriteMessage(images is null ? $"Pairs of {folder}." : $"{count} pairs of the objects of {folder}.");
                var (methods, sharpness) = await Task.Run(
                    () =>
                    {
                        var source = images is null ? HarmonizationPairs.Read(folder) : HarmonizationPairs.Make(images, count, Seed());
                        var results = HarmonizationEvaluation.Run(source, learned, Seed(), stop);
                        return (results, images is null ? null : SharpnessEvaluation.Run(images, count, Seed(), stop));
                    },
                    CancellationToken.None
                );
                return new VerbResult(
                    new
                    {
                        dataset = folder,
                        model = learned is null ? null : new { learned.Form, sha256 = learned.Hash },
                        methods,
                        sharpness,
                    },
                    console => Show(console, methods, sharpness)
                );

                ulong Seed() => parsed.GetValue(seed);
            }
        );
    }

    private static void Show(IAnsiConsole console, IReadOnlyList<HarmonizationResult> results, SharpnessResult? sharpness)
    {
        string[] columns = ["pairs", "MSE (95 %)", "PSNR", "fMSE", "SSIM", "worse"];
        foreach (var group in results.GroupBy(result => result.Group))
            WideTable.Write(console, group.Key ?? "all", columns, [.. group.Select(result => (result.Method, Cells(result)))]);
        if (sharpness is null) return;
        console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"sharpness of objects by that of their surroundings, {sharpness.Pairs} pairs: {sharpness.TrueRatio:0.00} in true images, "
                    + $"{sharpness.CompositeRatio:0.00} pasted, {sharpness.MatchedRatio:0.00} matched; MSE "
                    + $"{sharpness.CompositeMse.Mean:0.0} pasted, {sharpness.MatchedMse.Mean:0.0} matched, "
                    + $"{100 * sharpness.Worse:0.0} % worse; of the true images {100 * sharpness.TouchedTruth:0.0} % would be blurred"
            )
        );
    }

    private static IReadOnlyList<string> Cells(HarmonizationResult result) =>
        [
            Text($"{result.Pairs}"),
            Text($"{result.Mse.Mean:0.0} ({result.Mse.Interval.Low:0.0}-{result.Mse.Interval.High:0.0})"),
            Text($"{result.Psnr.Mean:0.00}"),
            Text($"{result.ForegroundMse.Mean:0.0}"),
            Text($"{result.Ssim.Mean:0.0000}"),
            Text($"{100 * result.Worse:0.0} %"),
        ];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string HeldOut(VerbHost host) =>
        host.Bundles.Folder(DefaultBundle, Directory.GetCurrentDirectory()) is { } bundle
            ? Path.Combine(bundle, MiniDiffusionTrainer.HeldOutFolder)
            : throw new FreeMaskException(
                $"The bundle '{DefaultBundle}' with its held-out set is not here. Name images with masks, or pairs, with --dataset."
            );
}
