using FreeMask.Imaging;
using FreeMask.Training.Mini;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Harmonization;
using FreeMask.Vision.Placement;

namespace FreeMask.Cli.Experiments;

/// <summary>What do placement, harmonization and selection change: random, by rules, by models?</summary>
internal sealed class CompositionExperiment : IExperiment
{
    private const string Random = "random places", Rules = "rules", Model = "model",
        ModelAlone = "model, no place refused", NoHarmonization = "rules, not harmonized",
        ModelHarmonized = "rules, harmonized by a model", Shipped = "selection as shipped", Former = "selection of the paper";

    private const int Pairs = 150;
    private const double Keep = 0.7;

    /// <summary>The geometry of objects that were pasted in.</summary>
    /// <param name="Images">Images composed.</param>
    /// <param name="Floats">For each object that came in, 1 where it floats.</param>
    /// <param name="Off">The same where its size is off by more than twice.</param>
    /// <param name="OffOfPossible">The same of those to which the geometry leaves any place.</param>
    private sealed record Geometry(
        int Images, IReadOnlyList<double> Floats, IReadOnlyList<double> Off, IReadOnlyList<double> OffOfPossible);

    private sealed record Harmonized(IReadOnlyList<HarmonizationResult> Results);

    private sealed record Selected(IReadOnlyList<CriterionResult> Faults, IReadOnlyList<double> One, IReadOnlyList<double> Several);

    public string Name => "composition";

    public string Question => "What do placement, harmonization and selection change, each at random or off, by rules, and by models?";

    public double Minutes => 8;

    public async Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop)
    {
        using var placement = context.Placement is { } places ? PlacementModel.Load(places) : null;
        using var harmonizer = context.Harmonizer is { } colors ? HarmonizerModel.Load(colors) : null;
        var trials = new SegmenterTrials(context.Model);
        var table = new TrialTable(trials);
        var geometry = new List<(string Label, List<Geometry> Rows)>();
        var ways = Ways(placement, harmonizer).ToList();
        foreach (var seed in context.Seeds)
        {
            foreach (var (label, key, way) in Placements(ways, placement))
                if (
                    await context.RowAsync<Geometry>(
                        $"places-{key}-{seed}",
                        async () =>
                        {
                            var run = await context.Runs.SamplesAsync(seed, stop);
                            return await Task.Run(() => Measure(SampleComposer.Compose(run, way with { Harmonizes = false }, seed)), stop);
                        },
                        stop
                    )
                    is { } row
                )
                {
                    if (geometry.Find(item => item.Label == label).Rows is { } known) known.Add(row);
                    else geometry.Add((label, [row]));
                }

            foreach (var (label, key, way) in ways)
                await TrainAsync(label, key == "random" ? null : label == Rules ? Random : Rules, key, seed, run =>
                    SampleComposer.Examples(RunSample.FirstRound(run), way, seed));
            await TrainAsync(Former, null, "former", seed, run => [.. Paper(run).Select(sample => sample.Example)]);
            await TrainAsync(Shipped, Former, "shipped", seed, run => [.. run.Where(s => s.IsKept).Select(s => s.Example)]);
        }

        var harmonized = await context.RowAsync<Harmonized>(
            harmonizer is null ? "harmonization" : $"harmonization-{ExperimentContext.Short(harmonizer.Hash)}",
            () => new(Harmonize(context, harmonizer, stop)),
            stop
        );
        var selected = await context.RowAsync<Selected>(
            $"selection-{context.Seeds.Count}",
            async () =>
            {
                var runs = new List<IReadOnlyList<RunSample>>();
                foreach (var seed in context.Seeds) runs.Add(await context.Runs.SamplesAsync(seed, stop));
                return await Task.Run(() => Select(runs), stop);
            },
            stop
        );
        return new(
            Name,
            Question,
            "Rules leave few floating objects and wrong sizes, random places many; the rule of harmonization lowers the error of colors; "
                + "the "
                + "shipped selection finds faults better and keeps images of several objects; mIoU hardly changes.",
            Answer(geometry, harmonized, selected),
            "The geometric checks know what the rules know: they tell how often chance errs, and not that rules are right."
                + $"{(placement is null ? " No placement model was given (--placement)." : "")}"
                + $"{(harmonizer is null ? " No harmonizer was given (--harmonizer)." : "")}",
            [.. Tables(geometry, harmonized, selected), .. table.IsEmpty ? [] : (IReadOnlyList<ExperimentTable>)[Trained(table)]],
            geometry.Count == 0
                ? null
                : new(
                    "Objects that stand where they cannot, or whose size cannot be",
                    "share of pasted objects, with its 95 % interval",
                    [
                        new("floating", [.. geometry.Select(item => Share(item.Rows, row => row.Floats).Point(item.Label))]),
                        new("size off more than twice", [.. geometry.Select(item => Share(item.Rows, row => row.Off).Point(item.Label))]),
                    ]
                )
        );

        Task TrainAsync(
            string label,
            string? baseline,
            string key,
            ulong seed,
            Func<IReadOnlyList<RunSample>, IReadOnlyList<LabeledImage>> images
        ) => table.TrainAsync(context, (label, baseline, $"trained-{key}"), seed, images, stop);
    }

    private static IEnumerable<(string Label, string Key, CompositionWay Way)> Ways(
        PlacementModel? placement,
        HarmonizerModel? harmonizer
    )
    {
        yield return (Random, "random", new() { UsesRules = false });
        yield return (Rules, "rules", new());
        if (placement is not null)
            yield return (Model, $"model-{ExperimentContext.Short(placement.Hash)}", new() { Placement = placement });
        yield return (NoHarmonization, "not-harmonized", new() { Harmonizes = false });
        if (harmonizer is not null)
            yield return (ModelHarmonized, $"harmonized-{ExperimentContext.Short(harmonizer.Hash)}", new() { Harmonizer = harmonizer });
    }

    /// <summary>The ways that differ in their places. A model alone, which nothing keeps from wrong places, is not trained on.</summary>
    private static IEnumerable<(string Label, string Key, CompositionWay Way)> Placements(
        IEnumerable<(string Label, string Key, CompositionWay Way)> ways,
        PlacementModel? placement
    )
    {
        foreach (var way in ways.Where(way => way.Way.Harmonizes && way.Way.Harmonizer is null)) yield return way;
        if (placement is not null)
            yield return (
                ModelAlone,
                $"alone-{ExperimentContext.Short(placement.Hash)}",
                new() { Placement = placement, RefusesPlaces = false }
            );
    }

    /// <summary>The best 70 % of each class of a round by mean IoU over classes.</summary>
    private static IEnumerable<RunSample> Paper(IReadOnlyList<RunSample> run) =>
        run.GroupBy(sample => (sample.Round, sample.ClassId))
            .SelectMany(group => group.OrderByDescending(sample => sample.Agreement.IoU).Take(KeepRatio.Count(Keep, group.Count())))
            .OrderBy(sample => sample.Id, StringComparer.Ordinal);

    private static Geometry Measure(IReadOnlyList<ComposedSample> samples)
    {
        var faults = samples.SelectMany(sample => sample.Faults).ToList();
        return new(
            samples.Count,
            [.. faults.Select(fault => fault.Floats ? 1.0 : 0)],
            [.. faults.Select(fault => fault.IsOff ? 1.0 : 0)],
            [.. faults.Where(fault => fault.IsPossible).Select(fault => fault.IsOff ? 1.0 : 0)]
        );
    }

    private static IReadOnlyList<HarmonizationResult> Harmonize(
        ExperimentContext context,
        HarmonizerModel? harmonizer,
        CancellationToken stop
    )
    {
        var images = ObjectImages.Open(Path.Combine(context.Model, MiniDiffusionTrainer.HeldOutFolder));
        var seed = context.Seeds[0];
        var pairs = HarmonizationPairs.Make(images, Pairs, seed);
        return [.. HarmonizationEvaluation.Run(pairs, harmonizer, seed, stop).Where(result => result.Group is null)];
    }

    private static Selected Select(IReadOnlyList<IReadOnlyList<RunSample>> runs)
    {
        byte[] classes = [.. runs.SelectMany(run => run).Select(sample => sample.ClassId).Distinct().Order()];
        var faults = CriterionExperiment.Run([.. runs.SelectMany(run => run).Select(sample => sample.Scored)], classes, seed: 1);
        var paper = runs.SelectMany((run, i) => Paper(run).Select(sample => (i, sample.Id))).ToHashSet();
        var all = runs.SelectMany((run, i) => run.Select(sample => (Run: i, Sample: sample))).ToList();
        double[] Shares(Func<RunSample, bool> of) =>
            [
                all.Where(item => of(item.Sample)).Average(item => item.Sample.IsKept ? 1.0 : 0),
                all.Where(item => of(item.Sample)).Average(item => paper.Contains((item.Run, item.Sample.Id)) ? 1.0 : 0),
            ];
        return new(
            [.. faults.Where(result => result.Fault is null)],
            Shares(sample => sample.Objects == 1),
            Shares(sample => sample.Objects > 1)
        );
    }

    private static Measured Share(List<Geometry> rows, Func<Geometry, IReadOnlyList<double>> of) =>
        Measured.Mean([.. rows.SelectMany(of)], 1);

    private static IEnumerable<ExperimentTable> Tables(
        List<(string Label, List<Geometry> Rows)> geometry,
        Harmonized? harmonized,
        Selected? selected
    )
    {
        if (geometry.Count > 0)
            yield return new(
                "Placement: objects that the geometry of their scene refutes, 95 % intervals over objects",
                ["places", "images", "objects", "floating", "size off more than twice", "the same where a right place exists"],
                [
                    .. geometry.Select(item => new ExperimentRow(
                        item.Label,
                        [
                            ExperimentText.Count(item.Rows.Sum(row => row.Images)),
                            ExperimentText.Count(item.Rows.Sum(row => row.Floats.Count)),
                            Share(item.Rows, row => row.Floats).Cell(),
                            Share(item.Rows, row => row.Off).Cell(),
                            Share(item.Rows, row => row.OffOfPossible).Cell(),
                        ]
                    )),
                ]
            );
        if (harmonized is not null)
            yield return new(
                $"Harmonization: error of colors that were changed in known ways, {Pairs} pairs of held-out drawings",
                ["method", "MSE", "PSNR", "fMSE", "worse than the composite"],
                [
                    .. harmonized.Results.Select(result => new ExperimentRow(
                        result.Method,
                        [
                            new Measured(result.Mse.Mean, result.Mse.Interval).Cell("0.0"),
                            new Measured(result.Psnr.Mean, result.Psnr.Interval).Cell("0.00"),
                            new Measured(result.ForegroundMse.Mean, result.ForegroundMse.Interval).Cell("0.0"),
                            ExperimentText.Plain(result.Worse, "0.00"),
                        ]
                    )),
                ]
            );
        if (selected is null) yield break;
        yield return new(
            "Selection: AUC of the score against harmed labels, 95 % intervals over pairs",
            ["score", "AUC", "harmed among the lowest 30 %"],
            [
                .. selected.Faults.Select(result => new ExperimentRow(
                    result.Criterion,
                    [new Measured(result.Auc, result.Interval).Cell(), ExperimentText.Plain(result.Found)]
                )),
            ]
        );
        yield return new(
            "Selection: share kept",
            ["selection", "one object", "several objects"],
            [
                new(Shipped, [ExperimentText.Plain(selected.One[0], "0.00"), ExperimentText.Plain(selected.Several[0], "0.00")]),
                new(Former, [ExperimentText.Plain(selected.One[1], "0.00"), ExperimentText.Plain(selected.Several[1], "0.00")]),
            ]
        );
    }

    private static ExperimentTable Trained(TrialTable table) =>
        table.ToTable("mIoU of segmenters on images of one to three objects, 95 % intervals over held-out drawings");

    private static string Answer(List<(string Label, List<Geometry> Rows)> geometry, Harmonized? harmonized, Selected? selected)
    {
        if (geometry.Find(item => item.Label == Random).Rows is not { } random) return "Not measured yet.";
        if (geometry.Find(item => item.Label == Rules).Rows is not { } rules) return "Not measured yet.";
        string Text(List<Geometry> rows, Func<Geometry, IReadOnlyList<double>> of) => Measured.Number(Share(rows, of).Value, "0.00");
        var colors = harmonized?.Results is { } results
            && results.FirstOrDefault(r => r.Method == HarmonizationEvaluation.Composite) is { } composite
            && results.FirstOrDefault(r => r.Method == HarmonizationEvaluation.Rule) is { } rule
                ? $"; the rule of harmonization lowers the error of colors from {Measured.Number(composite.Mse.Mean, "0")} to "
                    + $"{Measured.Number(rule.Mse.Mean, "0")}"
                : "";
        var kept = selected is null
            ? ""
            : $"; selection keeps {Measured.Number(selected.Several[0], "0.00")} of the images of several objects, the paper's "
                + $"{Measured.Number(selected.Several[1], "0.00")}";
        return $"Of objects at random places {Text(random, row => row.Floats)} float and {Text(random, row => row.Off)} have a wrong "
            + $"size, by "
            + $"rules {Text(rules, row => row.Floats)} and {Text(rules, row => row.Off)}{colors}{kept}.";
    }
}
