using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Cli.Experiments;

/// <summary>Does the filter find faulty labels in domains unlike VOC, and what does a segmenter gain by it?</summary>
internal sealed class DomainsExperiment : IExperiment
{
    private const int TrainingScenes = 96, TestScenes = 60, Steps = 150, Batch = 8, Threads = 2;
    private const double Rate = 5e-4, HarmedShare = 0.3, Keep = 0.7;

    /// <summary>What a score finds.</summary>
    /// <param name="Score">Its name.</param>
    /// <param name="Auc">The probability that an image with right labels scores higher than one with harmed ones.</param>
    /// <param name="Precision">The harmed ones among the 30 % that score lowest.</param>
    private sealed record Found(string Score, double Auc, double Precision);

    /// <summary>What was measured of a domain with a seed.</summary>
    /// <param name="Scores">What each score finds.</param>
    /// <param name="Trained">The counts of the test images, by what the segmenter was trained on.</param>
    private sealed record Row(IReadOnlyList<Found> Scores, IReadOnlyDictionary<string, IReadOnlyList<ClassCounts>> Trained);

    public string Name => "domains";

    public string Question => "Does the filter find faulty labels in domains unlike PASCAL VOC, and what does a segmenter gain by it?";

    public double Minutes => 16;

    public async Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop)
    {
        var rows = new List<(string Domain, Row Row)>();
        foreach (var seed in context.Seeds)
            foreach (var domain in DomainScenes.All)
                if (
                    await context.RowAsync<Row>(
                        $"{domain.Name.Replace(' ', '-')}-{seed}",
                        () => Measure(context.Model, domain, seed, stop),
                        stop
                    )
                    is { } row
                )
                    rows.Add((domain.Name, row));
        var domains = rows.GroupBy(row => row.Domain, row => row.Row).ToList();
        return new(
            Name,
            Question,
            "Agreement with cross-fitted models finds most harmed labels in every domain, entropy few; without them the segmenter is "
                + "nearly "
                + "as good as with right labels.",
            Answer(domains),
            $"Rendered images of {DomainScenes.Side} x {DomainScenes.Side} pixels, {TrainingScenes} to train on, {HarmedShare:P0} of "
                + $"them with "
                + $"one object that is shifted, grown, shrunk, cut, missing or of another class; {Steps} steps from the bundle's "
                + $"segmenter with "
                + "a new class head. Intervals are over test images; AUC and precision are means over seeds.",
            [.. domains.Select(ScoreTable), .. domains.Count == 0 ? [] : (IReadOnlyList<ExperimentTable>)[TrainedTable(domains)]],
            domains.Count == 0 ? null : Plot(domains)
        );
    }

    private static Row Measure(string model, Domain domain, ulong seed, CancellationToken stop)
    {
        List<DomainScene> scenes =
            [.. Enumerable.Range(0, TrainingScenes).Select(i => DomainScenes.Render(domain, seed, i, "train"))];
        List<LabeledImage> test =
            [.. Enumerable.Range(0, TestScenes).Select(i => DomainScenes.Render(domain, seed, i, "test").Image)];
        byte[] classes = [.. Enumerable.Range(1, domain.Classes.Count).Select(id => (byte)id)];
        var harmed = scenes.Select((scene, i) => Harm(scene, i, seed, classes)).ToList();
        var scores = new Dictionary<string, double[]>();
        for (var fold = 0; fold < 2; fold++)
        {
            var part = fold;
            using var judge = Train([.. harmed.Where((_, i) => i % 2 != part).Select(item => item.Scene.Image)]);
            for (var i = part; i < harmed.Count; i += 2)
                foreach (var (name, score) in Scores(judge, harmed[i].Scene))
                {
                    if (!scores.TryGetValue(name, out var all)) scores[name] = all = new double[harmed.Count];
                    all[i] = score;
                }
        }

        var trained = new Dictionary<string, IReadOnlyList<ClassCounts>>();
        foreach (var (name, chosen) in Choices())
        {
            using var segmenter = Train([.. chosen]);
            trained[name] =
            [
                .. SegmenterEvaluator
                    .Evaluate(test, domain.Classes.Count + 1, image => segmenter.Segment(image).Labels, stop: stop)
                    .Images.Select(ClassCounts.Of),
            ];
        }

        return new([.. scores.Select(item => Judge(item.Key, item.Value, [.. harmed.Select(h => h.IsHarmed)]))], trained);

        IEnumerable<(string Name, IEnumerable<LabeledImage> Images)> Choices()
        {
            var order = Enumerable.Range(0, harmed.Count).ToArray();
            var random = (int[])order.Clone();
            new CounterRandom(seed, 0, 0, "experiment-domain-share").Shuffle(random.AsSpan());
            var count = KeepRatio.Count(Keep, order.Length);
            IEnumerable<LabeledImage> Of(IEnumerable<int> indices) => indices.Order().Select(i => harmed[i].Scene.Image);
            IEnumerable<LabeledImage> Best(string name) => Of(order.OrderByDescending(i => scores[name][i]).Take(count));
            yield return ("all, harmed labels", Of(order));
            yield return ("random 70 %", Of(random.Take(count)));
            yield return ("best 70 % by iou", Best("iou"));
            yield return ("best 70 % by mask-and-class", Best("mask-and-class"));
            yield return ($"best 70 % by {AgreementCriteria.Combined}", Best(AgreementCriteria.Combined));
            yield return ("oracle: those without fault", Of(order.Where(i => !harmed[i].IsHarmed)));
            yield return ("all, right labels", scenes.Select(scene => scene.Image));
        }

        OnnxSegmenter Train(List<LabeledImage> images)
        {
            var request = new SegmenterTrainingRequest
            {
                Labels = ["background", .. domain.Classes],
                Seed = seed,
                Steps = Steps,
                InitialFolder = Path.Combine(model, "segmenter"),
                LearningRate = Rate,
                BatchSize = Batch,
                Size = DomainScenes.Side,
                Threads = Threads,
            };
            var result = SegmenterTrainer.Train(request, images, cancellationToken: stop);
            return new OnnxSegmenter(result.Onnx, SegmenterCard.Parse(result.Card, domain.Name), Threads);
        }
    }

    private static (DomainScene Scene, bool IsHarmed) Harm(DomainScene scene, int index, ulong seed, byte[] classes)
    {
        var random = new CounterRandom(seed, index, 0, "experiment-domain-harm");
        if (random.NextDouble() >= HarmedShare) return (scene, false);
        var faults = Enum.GetValues<LabelFault>();
        var first = random.NextInt(faults.Length);
        // A fault that is not possible in this scene is replaced by the next.
        for (var k = 0; k < faults.Length; k++)
        {
            var fault = faults[(first + k) % faults.Length];
            if (LabelFaults.Harm(scene.Image.Labels, scene.Instances, fault, classes, random) is { } harmed)
                return (new(scene.Image with { Labels = harmed.Labels }, harmed.Instances), true);
        }

        return (scene, false);
    }

    private static IEnumerable<(string Name, double Score)> Scores(OnnxSegmenter judge, DomainScene scene)
    {
        var prediction = judge.Segment(scene.Image.Image).Labels;
        var agreement = SampleAgreement.Compute(scene.Image.Labels, scene.Instances, prediction);
        foreach (var (name, of) in AgreementCriteria.All) yield return (name, of(agreement));
        var certainty = PredictionCertainty.Of(judge, scene.Image.Image);
        yield return (AgreementCriteria.Certainty, certainty);
        yield return (AgreementCriteria.Combined, agreement.MaskAndClass * certainty);
    }

    private static Found Judge(string name, double[] scores, bool[] harmed)
    {
        var order = Enumerable.Range(0, scores.Length).OrderBy(i => scores[i]).Take((int)Math.Ceiling(HarmedShare * scores.Length));
        return new(
            name,
            RocAuc.Of([.. scores.Where((_, i) => !harmed[i])], [.. scores.Where((_, i) => harmed[i])]),
            order.Average(i => harmed[i] ? 1.0 : 0)
        );
    }

    private static ExperimentTable ScoreTable(IGrouping<string, Row> domain) => new(
        $"{domain.Key}: does the score find the harmed labels? ({domain.Count()} seeds)",
        ["score", "AUC", "harmed among the lowest 30 %"],
        [
            .. domain.First().Scores.Select(score => score.Score).Select(name => new ExperimentRow(
                name,
                [
                    ExperimentText.Plain(Auc(domain, name)),
                    ExperimentText.Plain(domain.Average(row => row.Scores.First(s => s.Score == name).Precision)),
                ]
            )),
        ]
    );

    private static double Auc(IEnumerable<Row> rows, string name) => rows.Average(row => row.Scores.First(s => s.Score == name).Auc);

    private static ExperimentTable TrainedTable(List<IGrouping<string, Row>> domains) => new(
        "mIoU on test images with right labels, 95 % intervals over images",
        ["trained on", .. domains.Select(domain => domain.Key)],
        [
            .. domains[0].First().Trained.Keys.Select(name => new ExperimentRow(
                name,
                [.. domains.Select(domain => MeanIoU(domain, name).Cell())]
            )),
        ]
    );

    /// <summary>The mean over seeds; test images of every seed are drawn again by themselves.</summary>
    private static Measured MeanIoU(IEnumerable<Row> rows, string name)
    {
        var seeds = rows.Select(row => row.Trained[name]).ToList();
        var interval = Bootstrap.Interval(
            TestScenes,
            1,
            500,
            drawn => seeds.Average(images => ClassCounts.MeanIoU([.. drawn.Select(i => images[i])]))
        );
        return new(seeds.Average(images => ClassCounts.MeanIoU(images)), interval);
    }

    private static ExperimentPlot Plot(List<IGrouping<string, Row>> domains) => new(
        "Segmenters in four domains, by what was kept of harmed labels",
        "mIoU with its 95 % interval",
        [
            .. domains.Select(domain => new PlotSeries(
                domain.Key,
                [.. domain.First().Trained.Keys.Select(name => MeanIoU(domain, name).Point(name))]
            )),
        ]
    );

    private static string Answer(List<IGrouping<string, Row>> domains)
    {
        if (domains.Count == 0) return "Not measured yet.";
        string Range(Func<IGrouping<string, Row>, double> of) =>
            $"{Measured.Number(domains.Min(of), "0.00")} to {Measured.Number(domains.Max(of), "0.00")}";
        double Gain(IGrouping<string, Row> domain, string name) =>
            MeanIoU(domain, name).Value - MeanIoU(domain, "random 70 %").Value;
        return $"In {domains.Count} domains `mask-and-class` finds harmed labels with an AUC of {Range(d => Auc(d, "mask-and-class"))}, "
            + $"the paper's IoU with {Range(d => Auc(d, "iou"))} and certainty with {Range(d => Auc(d, AgreementCriteria.Certainty))}; "
            + $"keeping the best 70 % changes mIoU against a random 70 % by {Range(d => Gain(d, "best 70 % by mask-and-class"))}, "
            + $"the oracle by {Range(d => Gain(d, "oracle: those without fault"))}.";
    }
}
