using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Training.Mini.Evaluation;
using FreeMask.Vision;

namespace FreeMask.Cli.Experiments;

/// <summary>How good are masks from attention?</summary>
internal sealed class MasksExperiment : IExperiment
{
    // The first of each set: the paper's average takes eight calls of the U-Net for each.
    private const int Images = 100;

    private const string Generated = "generated, masks by hand", NoisedAgain = "the same, noised again";

    private sealed record Row(IReadOnlyList<MaskScores> Items);

    public string Name => "masks";

    public string Question => "How good are the masks of single objects that attention gives, by class and along outlines?";

    public double Minutes => 2;

    public async Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop)
    {
        var seed = context.Seeds[0];
        var measured = new List<(string Set, IReadOnlyList<MaskScores> Items)>();
        foreach (var (name, folder) in TestSet.Folders(context.Model))
        {
            var row = await context.RowAsync<Row>(
                $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(folder))}-{seed}",
                () => new(Measure(context.Model, folder, seed, stop)),
                stop
            );
            if (row is not null) measured.Add((name, row.Items));
        }

        var rendered = measured.ToList();
        var generated = GeneratedSet.FolderOf(context.Model) is { } set
            ? await context.RowAsync<GeneratedScores>(
                // The noise of each image is stored with it, so that the seed changes nothing.
                $"{GeneratedSet.FolderName}-{ExperimentContext.Short(GeneratedSet.Hash(set))}",
                () => GeneratedMasks.Measure(context.Model, set, stop),
                stop
            )
            : null;
        if (generated is { Items.Count: > 0 }) measured.AddRange([(Generated, generated.Items), (NoisedAgain, generated.NoisedAgain)]);

        return new(
            Name,
            Question,
            "Refined masks reach 0.85 or more on drawings of the training's styles and less on others, and less on generated images; the "
                + "paper's average of all layers and timesteps is behind.",
            measured.Count == 0 ? "Not measured yet." : Answer(rendered, generated),
            Limits(generated),
            measured.Count == 0 ? [] : [Table(measured), .. measured.Where(IsShownByClass).Select(Classes)],
            measured.Count == 0
                ? null
                : new(
                    "IoU of masks from attention with true masks",
                    "IoU with its 95 % interval",
                    [
                        .. measured.Select(set => new PlotSeries(
                            set.Set,
                            [.. MaskKinds.Names.Index().Select(m => Mean(set.Items, image => image.IoU[m.Index]).Point(m.Item))]
                        )),
                    ]
                )
        );
    }

    private static Measured Mean(IReadOnlyList<MaskScores> images, Func<MaskScores, double> of) => Measured.Mean([.. images.Select(of)], 1);

    private static IEnumerable<IGrouping<string, MaskScores>> ByClass(IReadOnlyList<MaskScores> images) =>
        images.GroupBy(image => image.Class).OrderBy(group => VocClasses.IndexOf(group.Key));

    private static bool IsShownByClass((string Set, IReadOnlyList<MaskScores> Items) set) => set.Set is TestSet.Main or Generated;

    private static ExperimentTable Table(List<(string Set, IReadOnlyList<MaskScores> Items)> measured) => new(
        "IoU and boundary IoU with true masks, 95 % intervals over images",
        ["masks", .. measured.SelectMany(set => (string[])[$"{set.Set} ({set.Items.Count})", $"{set.Set}, boundary"])],
        [
            .. MaskKinds.Names.Index().Select(m => new ExperimentRow(
                m.Item,
                [
                    .. measured.SelectMany(set => (ExperimentCell[])[
                        Mean(set.Items, image => image.IoU[m.Index]).Cell(),
                        Mean(set.Items, image => image.Boundary[m.Index]).Cell(),
                    ]),
                ]
            )),
        ]
    );

    private static ExperimentTable Classes((string Set, IReadOnlyList<MaskScores> Items) set) => new(
        $"IoU by class: {set.Set}",
        ["class", "images", .. MaskKinds.Names, "boundary IoU of FreeMask's"],
        [
            .. ByClass(set.Items).Select(group => new ExperimentRow(
                group.Key,
                [
                    ExperimentText.Count(group.Count()),
                    .. MaskKinds.Names.Index().Select(m => ExperimentText.Plain(group.Average(image => image.IoU[m.Index]))),
                    ExperimentText.Plain(group.Average(image => image.Boundary[1])),
                ]
            )),
        ]
    );

    private static List<MaskScores> Measure(string model, string folder, ulong seed, CancellationToken stop)
    {
        using var bundle = DiffusionBundle.Load(model);
        var pipeline = new DiffusionPipeline(bundle);
        return
        [
            .. HeldOutAttention.ScenesOf(folder, Images).Index().Select(item =>
            {
                stop.ThrowIfCancellationRequested();
                var (i, scene) = item;
                return MaskScores.Of(scene, MaskKinds.NoisedAgain(pipeline, scene, new NoiseKey(seed, i, 0)));
            }),
        ];
    }

    private static string Answer(List<(string Set, IReadOnlyList<MaskScores> Items)> rendered, GeneratedScores? generated)
    {
        var answers = new List<string>();
        if (rendered.Count > 0) answers.Add($"On {rendered[0].Set} drawings masks from attention {Found(rendered[0].Items)}.");
        if (generated is { Items.Count: > 0 })
            answers.Add(
                $"On generated images with masks by hand they {Found(generated.Items)}; of {generated.Images} images {generated.NoObject} "
                    + $"show no object of their class, {generated.Unclear} none with a clear border, and a run would refuse the masks of "
                    + $"{generated.Refused} of the others."
            );
        return string.Join(' ', answers);
    }

    private static string Found(IReadOnlyList<MaskScores> images)
    {
        var (raw, own, paper) = (
            Mean(images, image => image.IoU[0]),
            Mean(images, image => image.IoU[1]),
            Mean(images, image => image.IoU[2])
        );
        var weakest = ByClass(images).MinBy(group => group.Average(image => image.IoU[1]))!;
        return $"have an IoU of {own.Text()} with true masks ({Measured.Number(raw.Value)} before refinement, "
            + $"{Measured.Number(paper.Value)} as in the paper), and are weakest for {weakest.Key} with "
            + Measured.Number(weakest.Average(image => image.IoU[1]));
    }

    private static string Limits(GeneratedScores? generated)
    {
        const string Rendered =
            "Rendered images with exact masks have clear edges, and are noised again, not observed while they are generated.";
        return generated switch
        {
            null => $"{Rendered} Generated images with masks by hand are not measured yet, or the bundle has none.",
            { Refusal: { } refusal } => $"{Rendered} Masks by hand are not compared: {refusal}",
            _ => $"{Rendered} One person drew the masks of generated images, to about one pixel: masks one pixel wider than these would "
                + $"have an IoU of {Measured.Number(generated.WiderIoU)} with them and a boundary IoU of "
                + $"{Measured.Number(generated.WiderBoundary)}.",
        };
    }
}
