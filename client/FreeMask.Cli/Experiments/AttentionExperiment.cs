using System.Globalization;
using FreeMask.Training.Mini.Evaluation;

namespace FreeMask.Cli.Experiments;

/// <summary>Which attention finds the object: timesteps, layers, presets?</summary>
internal sealed class AttentionExperiment : IExperiment
{
    private const int Images = 100;
    private const string Default = "t = 200", Paper = "mean (paper)", Timesteps = "timesteps";

    private sealed record Row(IReadOnlyList<AggregationResult> Results);

    public string Name => "aggregation";

    public string Question => "Which attention finds the object: which timesteps, layers, resolutions and presets, and at what cost?";

    public double Minutes => 1;

    public async Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop)
    {
        var seed = context.Seeds[0];
        var row = await context.RowAsync<Row>(
            $"images-{seed}",
            () => new(AggregationExperiment.Run(context.Model, Images, seed, context.Log, stop)),
            stop
        );
        var results = row?.Results ?? [];
        return new(
            Name,
            Question,
            "One call with little noise is as good as an average over timesteps; self-attention matters most.",
            results.Count == 0 ? "Not measured yet." : Answer(results),
            "Images are noised again, not observed while they are drawn; the default was chosen on these images with an earlier bundle.",
            results.Count == 0 ? [] : [Methods(results), Classes(results)],
            results.Count == 0
                ? null
                : new(
                    "IoU of attention maps with true masks, cut by Otsu's threshold",
                    "IoU with its 95 % interval",
                    [
                        .. results.GroupBy(result => result.Group).Select(group => new PlotSeries(
                            group.Key,
                            [.. group.Select(result => new Measured(result.IoU, result.Interval).Point(result.Method))]
                        )),
                    ]
                )
        );
    }

    private static ExperimentTable Methods(IReadOnlyList<AggregationResult> results) => new(
        $"IoU of the map cut by Otsu's threshold, without refinement, {Images} images",
        ["attention", "U-Net calls", "IoU", "against the default", "refined"],
        [
            .. results.Select(result => new ExperimentRow(
                result.Method,
                [
                    ExperimentText.Count(result.Calls),
                    new Measured(result.IoU, result.Interval).Cell(),
                    new Measured(result.Difference, result.DifferenceInterval).SignedCell(),
                    ExperimentText.Plain(result.Refined),
                ]
            )),
        ]
    );

    private static ExperimentTable Classes(IReadOnlyList<AggregationResult> results)
    {
        var single = results.Where(result => result is { Group: Timesteps, Calls: 1 }).ToList();
        var standard = results.First(result => result.Method == Default);
        return new(
            "The best timestep of each class (few images each)",
            ["class", "best timestep", "IoU", $"IoU at {Default}"],
            [
                .. standard.Classes.Keys.Select(name =>
                {
                    var best = single.MaxBy(result => result.Classes[name])!;
                    return new ExperimentRow(
                        name,
                        [
                            new(best.Method),
                            ExperimentText.Plain(best.Classes[name]),
                            ExperimentText.Plain(standard.Classes[name]),
                        ]
                    );
                }),
            ]
        );
    }

    private static string Answer(IReadOnlyList<AggregationResult> results)
    {
        var standard = results.First(result => result.Method == Default);
        var best = results.Where(result => result.Group == Timesteps).MaxBy(result => result.IoU)!;
        var paper = results.First(result => result.Method == Paper);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"One U-Net call at {Default} finds objects with an IoU of {standard.IoU:0.000}, the best choice of timesteps ({best.Method}) "
                + $"with {best.IoU:0.000}, the paper's average of everything with {paper.IoU:0.000} in {paper.Calls} calls."
        );
    }
}
