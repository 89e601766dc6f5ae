using FreeMask.Randomness;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Experiments;

/// <summary>Do rounds and selection pay: number of rounds, share kept, criterion, accumulation, cross-fitting?</summary>
internal sealed class LoopExperiment : IExperiment
{
    private const string Start = "the start", All = "round 1, all samples", Random70 = "round 1, random 70 %",
        Best70 = "round 1, best 70 % by mask-and-class (cross-fitted)", ThreeKept = "rounds 1 to 3, kept",
        ThreeAll = "rounds 1 to 3, all samples", ThreeRandom = "rounds 1 to 3, random 70 %", ThreeBest = "rounds 1 to 3, best 70 %";

    // Of four samples of a class, which is what one round has, 30 and 50 % are two: the share is varied over three rounds together.
    private static readonly (double Share, string Label)[] Shares =
    [
        (0.3, "rounds 1 to 3, best 30 %"),
        (0.5, "rounds 1 to 3, best 50 %"),
        (0.7, ThreeBest),
        (0.9, "rounds 1 to 3, best 90 %"),
    ];

    public string Name => "loop";

    public string Question => "Do rounds and selection pay: filter, share kept, accumulation, cross-fitting, number of rounds?";

    public double Minutes => 19;

    public async Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop)
    {
        var trials = new SegmenterTrials(context.Model);
        var table = new TrialTable(trials);
        await table.AddStartAsync(context, Start, stop);
        foreach (var seed in context.Seeds)
            foreach (var (label, baseline, key, choose) in Ways(context.Model, seed))
                await table.TrainAsync(
                    context,
                    (label, baseline, key),
                    seed,
                    run => [.. choose(run).Select(sample => sample.Example)],
                    stop
                );
        return new(
            Name,
            Question,
            "The best 70 % beat a random 70 % of the same samples; more rounds add a little; shares under 0.5 lose; a judge that was "
                + "trained on the samples themselves is worse than cross-fitted ones.",
            Answer(table),
            $"Trainings of {SegmenterTrials.Steps} steps from the bundle's segmenter; {ExperimentRuns.SamplesPerRound} samples a round, "
                + "four of each class, of which three stay. An oracle needs true masks, which drawn images lack: the "
                + "experiment domains has one.",
            [table.ToTable("mIoU on images of one to three objects, 95 % intervals over held-out drawings")],
            table.ToPlot("Rounds and selection")
        );
    }

    private static IEnumerable<(
        string Label,
        string Baseline,
        string Key,
        Func<IReadOnlyList<RunSample>, IEnumerable<RunSample>> Choose
    )> Ways(string model, ulong seed)
    {
        yield return (All, Start, "all", First);
        yield return (Random70, All, "random", run => Shuffled(First(run), seed).Take(KeepRatio.Count(0.7, First(run).Count)));
        yield return (Best70, Random70, "best", run => Best(First(run), Shipped, 0.7));
        yield return ("round 1, best 70 % by IoU (paper)", Best70, "best-iou", run => Best(First(run), s => s.Agreement.IoU, 0.7));
        yield return ("round 1, worst 70 %", Best70, "worst", run => Best(First(run), s => -Shipped(s), 0.7));
        yield return ("round 1, best 70 % by the start (no cross-fitting)", Best70, "best-start", run => ByStart(First(run), model));
        yield return ("round 2 alone, kept", Best70, "second", run => run.Where(s => s is { Round: 1, IsKept: true }));
        yield return ("rounds 1 and 2, kept", Best70, "two", run => run.Where(s => s is { Round: < 2, IsKept: true }));
        yield return (ThreeKept, Best70, "three", run => run.Where(s => s.IsKept));
        yield return (ThreeAll, ThreeKept, "three-all", run => run);
        yield return (ThreeRandom, ThreeAll, "three-random", run => Shuffled(run, seed).Take(KeepRatio.Count(0.7, run.Count)));
        foreach (var (share, label) in Shares)
            yield return (label, ThreeRandom, $"three-best-{100 * share:0}", run => Best(run, Shipped, share));
    }

    private static IReadOnlyList<RunSample> First(IReadOnlyList<RunSample> run) => RunSample.FirstRound(run);

    private static double Shipped(RunSample sample) => sample.Agreement.MaskAndClass;

    /// <summary>The best of each class; of equal scores the earlier sample.</summary>
    private static IEnumerable<RunSample> Best(IReadOnlyList<RunSample> samples, Func<RunSample, double> score, double ratio) =>
        samples
            .GroupBy(sample => sample.ClassId)
            .SelectMany(group => group.OrderByDescending(score).Take(KeepRatio.Count(ratio, group.Count())))
            .OrderBy(sample => sample.Id, StringComparer.Ordinal);

    private static IEnumerable<RunSample> ByStart(IReadOnlyList<RunSample> samples, string model)
    {
        using var judge = new SegmenterTrials(model).OpenStart();
        return
        [
            .. Best(
                samples,
                sample => Shipped(sample with { Scored = sample.Scored with { Prediction = judge.Segment(sample.Final).Labels } }),
                0.7
            ),
        ];
    }

    private static RunSample[] Shuffled(IReadOnlyList<RunSample> samples, ulong seed)
    {
        RunSample[] order = [.. samples];
        new CounterRandom(seed, 0, 0, "experiment-random-share").Shuffle(order.AsSpan());
        return order;
    }

    private static string Answer(TrialTable table)
    {
        // Three rounds together say more; until they are measured, the first alone says something.
        var ofThree = table.Has(ThreeBest) && table.Has(ThreeRandom);
        if (!ofThree && !(table.Has(Best70) && table.Has(Random70))) return "Not measured yet.";
        var filter = ofThree ? table.Difference(ThreeBest, ThreeRandom) : table.Difference(Best70, Random70);
        var verdict = filter.IsClear ? filter.Value > 0 ? "pays" : "harms" : "makes no clear difference";
        var rounds = table.Has(ThreeKept) && table.Has(Best70)
            ? $"; three rounds against one: {table.Difference(ThreeKept, Best70).Signed()}"
            : "";
        return $"Selection {verdict}: the best 70 % against a random 70 % of the samples of {(ofThree ? "three rounds" : "one round")} "
            + $"{filter.Signed()} mIoU{rounds}.";
    }
}
