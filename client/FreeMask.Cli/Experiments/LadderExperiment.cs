using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Imaging;
using FreeMask.Training.Mini;
using FreeMask.Training.Mini.Evaluation;
using FreeMask.Training.Mini.Stages;
using FreeMask.Vision.Masking;

namespace FreeMask.Cli.Experiments;

/// <summary>What limits the segmenter: masks, drawn images, or drawings that no training saw?</summary>
internal sealed class LadderExperiment : IExperiment
{
    private const string Start = "the start", Drawn = "drawn images, masks from attention",
        TrueMasks = "the test's own drawings, true masks",
        Attention = "the test's own drawings, masks from attention";

    public string Name => "ladder";

    public string Question => "What limits the segmenter: masks from attention, drawn images, or drawings that no training saw?";

    public double Minutes => 15;

    public async Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop)
    {
        var trials = new SegmenterTrials(context.Model);
        var table = new TrialTable(trials);
        await table.AddStartAsync(context, Start, stop);
        foreach (var seed in context.Seeds)
            foreach (var isLong in (bool[])[false, true])
            {
                await AddAsync(Drawn, Start, "drawn", async () =>
                    [.. (await context.Runs.SamplesAsync(seed, stop)).Select(sample => sample.Example)]);
                await AddAsync(TrueMasks, Start, "true", () =>
                    Task.FromResult(TestSet.Of(context.Model, HeldOutSet.SingleSplit)[0].Images));
                await AddAsync(Attention, TrueMasks, "attention", () => Task.Run(() => Masked(context.Model, seed, stop), stop));

                async Task AddAsync(string label, string baseline, string key, Func<Task<IReadOnlyList<LabeledImage>>> images) =>
                    table.Add(
                        Label(label, isLong),
                        baseline == Start ? Start : Label(baseline, isLong),
                        await context.RowAsync<Trial>(
                            $"{key}-{(isLong ? "long-" : "")}{seed}",
                            async () =>
                            {
                                var examples = await images();
                                return await Task.Run(() => trials.Train(examples, seed, stop, isLong), stop);
                            },
                            stop
                        )
                    );
            }

        return new(
            Name,
            Question,
            "Masks from attention cost little; what is missing are drawings like those of the test.",
            Answer(table),
            "The last two rows train on other images of the drawings that the test shows (each alone): no training of a run could, so "
                + "they are "
                + "the most that better images could give. Drawings of the bundle's own training are in the start already.",
            [table.ToTable("mIoU on images of one to three objects, 95 % intervals over held-out drawings")],
            table.IsEmpty ? null : table.ToPlot("What limits the segmenter")
        );
    }

    private static string Label(string what, bool isLong) =>
        $"{what}, {(isLong ? SegmenterTrials.LongSteps : SegmenterTrials.Steps)} steps";

    /// <summary>Test drawings, each alone, with the masks that attention gives instead of the true ones.</summary>
    private static IReadOnlyList<LabeledImage> Masked(string model, ulong seed, CancellationToken stop)
    {
        using var bundle = DiffusionBundle.Load(model);
        var pipeline = new DiffusionPipeline(bundle);
        var options = new MaskOptions();
        return
        [
            .. HeldOutAttention.ScenesOf(Path.Combine(model, MiniDiffusionTrainer.HeldOutFolder), 0).Index().Select(item =>
            {
                stop.ThrowIfCancellationRequested();
                var (i, scene) = item;
                var map = HeldOutAttention.Map(pipeline, scene, AttentionPreset.FreeMask, new NoiseKey(seed, i, 0));
                return scene.Sample with { Labels = MaskStage.Run(scene.Sample.Image, map, (byte)scene.ClassId, options).Labels };
            }),
        ];
    }

    private static string Answer(TrialTable table)
    {
        var (drawn, own, masked) = (Label(Drawn, true), Label(TrueMasks, true), Label(Attention, true));
        if (!table.Has(drawn) || !table.Has(own) || !table.Has(masked)) return "Not measured yet.";
        return $"Unknown drawings limit it most: in {SegmenterTrials.LongSteps} steps images of the test's own drawings change mIoU by "
            + $"{table.Difference(own, Start).Signed()} against the start, masks from attention instead of true ones by "
            + $"{table.Difference(masked, own).Signed()}, and images that the bundle draws give {table.Difference(drawn, Start).Signed()}; "
            + $"{SegmenterTrials.Steps} steps are too few to learn even the test's own drawings "
            + $"({table.Difference(Label(TrueMasks, false), Start).Signed()}).";
    }
}
