using System.Globalization;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Cli.Experiments;

/// <summary>Whom does the selection drop, and which classes gain or lose by it?</summary>
internal sealed class SelectionExperiment : IExperiment
{
    private const double Keep = 0.7;

    private sealed record Kept(IReadOnlyList<FilteringResult> Results);

    public string Name => "filtering";

    public string Question => "Whom does the selection drop, by class, size and number of objects, and which classes gain or lose by it?";

    public double Minutes => 4;

    public async Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop)
    {
        var kept = await context.RowAsync<Kept>(
            $"kept-{context.Seeds.Count}",
            async () =>
            {
                var samples = new List<FilteredSample>();
                foreach (var seed in context.Seeds) samples.AddRange(await JudgedAsync(context.Runs, seed, stop));
                return new(await Task.Run(() => FilteringExperiment.Run(samples, Keep, seed: 1), stop));
            },
            stop
        );

        var trials = new SegmenterTrials(context.Model);
        var (all, best) = (new List<Trial>(), new List<Trial>());
        foreach (var seed in context.Seeds)
        {
            Add(all, await TrainAsync($"all-{seed}", seed, _ => true));
            Add(best, await TrainAsync($"kept-{seed}-trained", seed, sample => sample.IsKept));
        }

        var results = kept?.Results ?? [];
        return new(
            Name,
            Question,
            "The paper's score drops images with several objects, because the mean over classes falls with every object; measures without "
                + "classes keep all alike. Entropy grows with every outline, so that it drops them too.",
            results.Count == 0 ? "Not measured yet." : Answer(results),
            "Selection here is the paper's: the best 70 % of each class of a round, without the strata by number of objects that runs have "
                + "by default, and the first round is left out, because it is scored by models of folds, which a run does not keep. "
                + "Certainty is that of the scoring model, whatever the label says.",
            [
                .. results.Count == 0 ? [] : (IReadOnlyList<ExperimentTable>)[KeptTable(results)],
                .. all.Count == 0 || best.Count == 0 ? [] : (IReadOnlyList<ExperimentTable>)[ClassTable(all, best)],
            ],
            results.Count == 0 ? null : Plot(results)
        );

        static void Add(List<Trial> trials, Trial? trial)
        {
            if (trial is not null) trials.Add(trial);
        }

        Task<Trial?> TrainAsync(string key, ulong seed, Func<RunSample, bool> chosen) =>
            trials.TrainAsync(context, key, seed, run => [.. run.Where(chosen).Select(sample => sample.Example)], stop);
    }

    /// <summary>The samples of all rounds but the first, with the certainty of the segmenter that scored them.</summary>
    private static async Task<List<FilteredSample>> JudgedAsync(ExperimentRuns runs, ulong seed, CancellationToken stop)
    {
        var judged = new List<FilteredSample>();
        foreach (var round in (await runs.SamplesAsync(seed, stop)).Where(sample => sample.Round > 0).GroupBy(sample => sample.Round))
        {
            using var judge = await runs.JudgeAsync(seed, round.Key, stop);
            // Rounds of different runs are groups of their own.
            var group = ((int)seed * ExperimentRuns.Rounds) + round.Key;
            judged.AddRange(await Task.Run(() => round.Select(sample => Of(sample, group, judge)).ToList(), stop));
        }

        return judged;
    }

    private static FilteredSample Of(RunSample sample, int group, OnnxSegmenter judge) =>
        FilteredSample.Of(sample.Scored, group, sample.ClassId, VocClasses.Names) with
        {
            Certainty = PredictionCertainty.Of(judge, sample.Final),
        };

    private static ExperimentTable KeptTable(IReadOnlyList<FilteringResult> results)
    {
        var criteria = results.Select(result => result.Criterion).Distinct().ToList();
        return new(
            "Share kept, 95 % intervals over samples",
            ["samples", .. criteria],
            [
                .. results.GroupBy(result => (result.Group, result.Value)).Select(group => new ExperimentRow(
                    string.Create(CultureInfo.InvariantCulture, $"{Label(group.First())} ({group.First().Samples})"),
                    [.. group.Select(result => new Measured(result.Share, result.Interval).Cell("0.00"))]
                )),
            ]
        );
    }

    private static string Label(FilteringResult result) => result.Group switch
    {
        "all" => "all",
        "objects" => $"objects: {result.Value}",
        "shows" => $"shows {result.Value}",
        _ => $"{result.Value} of the object area",
    };

    private static ExperimentTable ClassTable(List<Trial> all, List<Trial> best)
    {
        var classes = Enumerable.Range(0, VocClasses.Names.Count);
        return new(
            $"IoU by class of segmenters trained on all samples of three rounds and on those that the run kept, {TestSet.Main} images",
            ["class", "all", "kept", "difference"],
            [
                .. classes.Select(id =>
                {
                    var (before, after) = (Mean(all, id), Mean(best, id));
                    return new ExperimentRow(
                        VocClasses.Names[id],
                        [
                            ExperimentText.Plain(before),
                            ExperimentText.Plain(after),
                            ExperimentText.Plain(after - before, "+0.000;-0.000;0.000"),
                        ]
                    );
                }),
            ]
        );

        static double Mean(List<Trial> trials, int id) =>
            trials.Average(trial => ClassCounts.IoU(trial.Sets[TestSet.Main]).TryGetValue(id, out var iou) ? iou : double.NaN);
    }

    private static ExperimentPlot Plot(IReadOnlyList<FilteringResult> results) => new(
        "Share of samples that each score keeps",
        "share kept, with its 95 % interval",
        [
            .. results
                .Where(result => result.Group is "objects" or "size")
                .GroupBy(result => result.Criterion)
                .Select(group => new PlotSeries(
                    group.Key,
                    [.. group.Select(result => new Measured(result.Share, result.Interval).Point(Label(result)))]
                )),
        ]
    );

    private static string Answer(IReadOnlyList<FilteringResult> results)
    {
        string Share(string criterion, bool many)
        {
            var objects = results.Where(result => result.Criterion == criterion && result.Group == "objects").ToList();
            return Measured.Number((many ? objects[^1] : objects[0]).Share, "0.00");
        }

        return $"The paper's score keeps {Share("iou", false)} of the images with one object and {Share("iou", true)} of those with "
            + $"three or "
            + $"more; `mask` {Share("mask", false)} and {Share("mask", true)}, `mask-and-class` {Share("mask-and-class", false)} and "
            + $"{Share("mask-and-class", true)}.";
    }
}
