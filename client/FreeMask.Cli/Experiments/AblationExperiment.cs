using FreeMask.Imaging;

namespace FreeMask.Cli.Experiments;

/// <summary>What does each part of the method add to the segmenter?</summary>
internal sealed class AblationExperiment : IExperiment
{
    private const string Start = "nothing (the start)", Single = "images of one object", Several = "+ several objects",
        Thesaurus = "+ thesaurus", Rules = "+ placement by rules", Harmonized = "+ harmonization", Selected = "+ selection",
        Loop = "+ loop (three rounds)";

    private const string NoThesaurus = "all composition without thesaurus", NoRules = "all composition without placement",
        NoHarmonization = "all composition without harmonization";

    public string Name => "ablation";

    public string Question => "What does each part of the method add: several objects, thesaurus, placement, harmonization, selection, "
        + "loop?";

    public double Minutes => 13;

    public async Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop)
    {
        var trials = new SegmenterTrials(context.Model);
        var table = new TrialTable(trials);
        await table.AddStartAsync(context, Start, stop);
        foreach (var seed in context.Seeds)
            foreach (var (label, baseline, key, images) in Ways(seed))
                await table.TrainAsync(context, (label, baseline, key), seed, images, stop);
        return new(
            Name,
            Question,
            "Images of several objects beat images of one by 8 points of mIoU or more on images of several objects, as in the paper; every "
                + "further part adds a little.",
            Answer(table),
            $"Trainings of {SegmenterTrials.Steps} steps from the bundle's segmenter, which has seen scenes of several objects already; no "
                + "learned placement ships. Selection and loop take the samples of the run; the other rows compose its first round anew, "
                + "every image.",
            [table.ToTable("mIoU on images of one to three objects, 95 % intervals over held-out drawings")],
            table.ToPlot("What each part adds")
        );

        static IEnumerable<(string Label, string Baseline, string Key, Func<IReadOnlyList<RunSample>, IReadOnlyList<LabeledImage>> Images)>
            Ways(ulong seed)
        {
            var nothing = new CompositionWay { UsesThesaurus = false, UsesRules = false, Harmonizes = false };
            var all = new CompositionWay();
            yield return (Single, Start, "single", run => [.. RunSample.FirstRound(run).Select(sample => sample.SingleExample)]);
            yield return (Several, Single, "several", run => Composed(run, nothing));
            yield return (Thesaurus, Several, "thesaurus", run => Composed(run, nothing with { UsesThesaurus = true }));
            yield return (Rules, Thesaurus, "placement", run => Composed(run, all with { Harmonizes = false }));
            yield return (Harmonized, Rules, "harmonization", run => Composed(run, all));
            yield return (Selected, Start, "selection", run => [.. RunSample.FirstRound(run).Where(s => s.IsKept).Select(s => s.Example)]);
            yield return (Loop, Selected, "loop", run => [.. run.Where(s => s.IsKept).Select(s => s.Example)]);
            yield return (NoThesaurus, Harmonized, "no-thesaurus", run => Composed(run, all with { UsesThesaurus = false }));
            yield return (NoRules, Harmonized, "no-placement", run => Composed(run, all with { UsesRules = false }));
            yield return (NoHarmonization, Harmonized, "no-harmonization", run => Composed(run, all with { Harmonizes = false }));

            IReadOnlyList<LabeledImage> Composed(IReadOnlyList<RunSample> run, CompositionWay way) =>
                SampleComposer.Examples(RunSample.FirstRound(run), way, seed);
        }
    }

    private static string Answer(TrialTable table)
    {
        if (!table.Has(Harmonized) || !table.Has(Single)) return "Not measured yet.";
        var several = table.Difference(Harmonized, Single);
        var verdict = several.IsClear ? several.Value > 0 ? "better" : "worse" : "not clearly different";
        var loop = table.Has(Loop) && table.Has(Selected) ? $"; two more rounds add {table.Difference(Loop, Selected).Signed()}" : "";
        return $"Composed images of several objects are {verdict} than images of one, {several.Signed()} mIoU on images of one to three "
            + $"objects{loop}.";
    }
}
