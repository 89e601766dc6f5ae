using System.Globalization;
using FreeMask.Randomness;
using FreeMask.Vision;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Cli.Experiments;

/// <summary>Does the thesaurus allow what fits, and does it matter?</summary>
internal sealed class ThesaurusExperiment : IExperiment
{
    private const string Shipped = "captions that ship (COCO)", Any = "any class, no thesaurus";

    private static readonly double[] Thresholds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3],
        Shares = [0.03, 0.1, 0.3],
        Trained = [0.001, 0.01, 0.1];

    /// <summary>What a thesaurus allows.</summary>
    /// <param name="Images">Images counted.</param>
    /// <param name="Table">Pairs of the released table that it allows.</param>
    /// <param name="Implausible">Pairs that nobody expects, allowed.</param>
    /// <param name="Allowed">Pairs of a class and a scene of the quickstart, allowed.</param>
    /// <param name="Pasted">Pairs that nobody expects, which runs would paste: a class also needs something to rest on.</param>
    private sealed record Row(int Images, int Table, int Implausible, int Allowed, int Pasted);

    public string Name => "thesaurus";

    public string Question => "Does the thesaurus allow what fits and refuse what does not, how does that depend on threshold and "
        + "corpus, and "
        + "does the segmenter gain by it?";

    public double Minutes => 9;

    public async Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop)
    {
        var rows = new List<(string Label, Row Row)>();
        foreach (var (label, key, make) in Ways(context))
            if (await context.RowAsync<Row>(key, () => Measure(make()), stop) is { } row) rows.Add((label, row));

        var trials = new SegmenterTrials(context.Model);
        var table = new TrialTable(trials);
        foreach (var seed in context.Seeds)
            foreach (var (label, baseline, key, way) in Trainings(context))
                await table.TrainAsync(
                    context,
                    (label, baseline, $"trained-{key}"),
                    seed,
                    run => SampleComposer.Examples(RunSample.FirstRound(run), way(), seed),
                    stop
                );
        return new(
            Name,
            Question,
            "The default threshold allows nearly all of the released table and few absurd pairs; few images miss rare pairs; the segmenter "
                + "gains little, because the classes of held-out images fit their backgrounds.",
            Answer(rows),
            $"{PlausiblePairs.Implausible.Count} absurd pairs by one person's judgement, of {20 * PlausiblePairs.Scenes.Count}; smaller "
                + "corpora are drawn from the counts that ship, each image independently.",
            [
                new(
                    "What a thesaurus allows",
                    [
                        "counts, threshold", "images", $"of {PlausiblePairs.ReleasedTable.Count} released pairs",
                        $"of {PlausiblePairs.Implausible.Count} absurd pairs", $"of all {20 * PlausiblePairs.Scenes.Count} pairs",
                        "absurd among the allowed", "absurd pairs that runs paste",
                    ],
                    [.. rows.Select(Cells)]
                ),
                .. table.IsEmpty ? [] : (IReadOnlyList<ExperimentTable>)[table.ToTable("mIoU of segmenters trained on images so composed")],
            ],
            table.IsEmpty ? null : table.ToPlot("mIoU of segmenters, by what may be pasted where")
        );
    }

    private static IEnumerable<(string Label, string Key, Func<SceneThesaurus> Make)> Ways(ExperimentContext context)
    {
        foreach (var threshold in Thresholds)
            yield return ($"{Shipped}, {Text(threshold)}", $"shipped-{Text(threshold)}", () => At(threshold));
        foreach (var share in Shares)
            yield return (
                string.Create(CultureInfo.InvariantCulture, $"{100 * share:0} % of them, 0.01"),
                string.Create(CultureInfo.InvariantCulture, $"share-{100 * share:0}"),
                () => new(Thin(SceneThesaurus.LoadDefault().Counts, share, context.Seeds[0]), null, LabelSet.Voc)
            );
        if (context.Corpus is not { } corpus) yield break;
        foreach (var threshold in Thresholds)
            yield return ($"{Path.GetFileName(corpus)}, {Text(threshold)}", $"corpus-{Text(threshold)}", () => Of(corpus, threshold));
    }

    private static IEnumerable<(string Label, string? Baseline, string Key, Func<CompositionWay> Way)> Trainings(ExperimentContext context)
    {
        yield return (Any, null, "any", () => new() { UsesThesaurus = false });
        foreach (var threshold in Trained)
            yield return (
                $"{Shipped}, {Text(threshold)}",
                Any,
                Text(threshold),
                () => new() { Thesaurus = At(threshold) }
            );
        if (context.Corpus is { } corpus)
            yield return ($"{Path.GetFileName(corpus)}, 0.01", Any, "corpus", () => new() { Thesaurus = Of(corpus, 0.01) });
    }

    private static string Text(double threshold) => threshold.ToString(CultureInfo.InvariantCulture);

    private static SceneThesaurus At(double threshold) =>
        SceneThesaurus.LoadDefault(ThesaurusOptions.Default with { Threshold = threshold }, LabelSet.Voc);

    private static SceneThesaurus Of(string corpus, double threshold) => new(
        ThesaurusBuilder.Build(CaptionFile.Read(corpus), source: Path.GetFileName(corpus)).Counts,
        ThesaurusOptions.Default with { Threshold = threshold },
        LabelSet.Voc
    );

    /// <summary>Counts as if each image had been seen with a probability.</summary>
    private static ThesaurusCounts Thin(ThesaurusCounts counts, double share, ulong seed)
    {
        var random = new CounterRandom(seed, "experiment-corpus-share");
        int Draw(int count) => Enumerable.Range(0, count).Count(_ => random.NextDouble() < share);
        Dictionary<string, int> All(IReadOnlyDictionary<string, int> of) =>
            of.OrderBy(item => item.Key, StringComparer.Ordinal).ToDictionary(item => item.Key, item => Draw(item.Value));
        return counts with
        {
            Images = Draw(counts.Images),
            Classes = All(counts.Classes),
            Scenes = counts.Scenes.OrderBy(scene => scene.Key, StringComparer.Ordinal).ToDictionary(
                scene => scene.Key,
                scene => scene.Value with { Images = Draw(scene.Value.Images), Classes = All(scene.Value.Classes) }
            ),
            ClassPairs = counts.ClassPairs.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(
                pair => pair.Key,
                pair => (IReadOnlyDictionary<string, int>)All(pair.Value)
            ),
        };
    }

    private static Row Measure(SceneThesaurus thesaurus) => new(
        thesaurus.Counts.Images,
        PlausiblePairs.ReleasedTable.Count(pair => PlausiblePairs.Allows(thesaurus, pair)),
        PlausiblePairs.Implausible.Count(pair => PlausiblePairs.Allows(thesaurus, pair)),
        PlausiblePairs.Scenes.Sum(scene => Enumerable.Range(1, 20).Count(id => PlausiblePairs.Allows(thesaurus, (scene, id)))),
        PlausiblePairs.Implausible.Count(pair => PlausiblePairs.IsPasted(thesaurus, pair))
    );

    private static ExperimentRow Cells((string Label, Row Row) item) => new(
        item.Label,
        [
            ExperimentText.Count(item.Row.Images),
            ExperimentText.Count(item.Row.Table),
            ExperimentText.Count(item.Row.Implausible),
            ExperimentText.Count(item.Row.Allowed),
            ExperimentText.Plain((double)item.Row.Implausible / Math.Max(1, item.Row.Allowed), "0.00"),
            ExperimentText.Count(item.Row.Pasted),
        ]
    );

    private static string Answer(List<(string Label, Row Row)> rows)
    {
        if (rows.Find(row => row.Label == $"{Shipped}, 0.01").Row is not { } standard) return "Not measured yet.";
        return $"At the default threshold of 0.01 the thesaurus allows {standard.Table} of {PlausiblePairs.ReleasedTable.Count} pairs of "
            + $"the "
            + $"released table and {standard.Implausible} of {PlausiblePairs.Implausible.Count} absurd ones, of which runs paste "
            + $"{standard.Pasted}, because a class also needs something to rest on.";
    }
}
