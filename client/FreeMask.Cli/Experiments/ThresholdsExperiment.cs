using System.Globalization;
using FreeMask.Training.Mini.Evaluation;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Experiments;

/// <summary>Does a threshold per image pay, and which objects need which?</summary>
internal sealed class ThresholdsExperiment : IExperiment
{
    private const string Reference = "fixed 0.5", FixedPrefix = "fixed ";

    /// <summary>What was measured of an image.</summary>
    private sealed record Image(ObjectProperties Properties, double[] Scores);

    private sealed record Row(IReadOnlyList<Image> Images);

    public string Name => "thresholds";

    public string Question => "Does a threshold per image pay, how much of the best possible gain does each rule get, and which objects "
        + "need which threshold?";

    public double Minutes => 3;

    public async Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop)
    {
        var methods = ThresholdExperiment.MethodNames;
        var seed = context.Seeds[0];
        var row = await context.RowAsync<Row>(
            $"images-{seed}",
            () => new(
                [
                    .. ThresholdExperiment
                        .Measure(context.Model, 0, seed, context.Log, stop)
                        .Select(item => new Image(
                            ObjectProperties.Of(item.Scene.Sample.Image, item.Scene.Sample.Labels, item.Scene.ClassId),
                            item.Scores
                        )),
                ]
            ),
            stop
        );
        var images = row?.Images ?? [];
        var refinements = methods.Select(method => method.Refinement).Distinct().ToList();
        return new(
            Name,
            Question,
            "A threshold per image gets most of what the best threshold of each image would give; thin and faint objects need lower ones.",
            images.Count == 0 ? "Not measured yet." : Answer(images),
            "Rendered images; the attention preset was chosen on the first hundred of them.",
            images.Count == 0 ? [] : [Scores(images, refinements), Gains(images, refinements), Relations(images)],
            images.Count == 0
                ? null
                : new(
                    "IoU of attention masks with true masks, by threshold",
                    "IoU with its 95 % interval",
                    [
                        .. refinements.Select(refinement => new PlotSeries(
                            $"refinement {refinement}",
                            [
                                .. Of(refinement).Select(m => Measured.Mean(Column(images, m), seed).Point(methods[m].Name)),
                            ]
                        )),
                    ]
                )
        );
    }

    private static IEnumerable<int> Of(string refinement) =>
        ThresholdExperiment.MethodNames.Index().Where(method => method.Item.Refinement == refinement).Select(method => method.Index);

    private static double[] Column(IReadOnlyList<Image> images, int method) => [.. images.Select(image => image.Scores[method])];

    private static ExperimentTable Scores(IReadOnlyList<Image> images, List<string> refinements) => new(
        $"IoU with true masks, {images.Count} images",
        ["threshold", .. refinements.Select(refinement => $"refinement {refinement}")],
        [
            .. ThresholdExperiment.MethodNames.Select(method => method.Name).Distinct().Select(name => new ExperimentRow(
                name,
                [.. refinements.Select(refinement => Measured.Mean(Column(images, MethodOf(name, refinement)), 1).Cell())]
            )),
            new("best fixed of each image", [.. refinements.Select(r => Measured.Mean(Best(images, r), 1).Cell())]),
        ]
    );

    /// <summary>The part of the distance from a fixed 0.5 to the best fixed threshold of each image that a rule gets.</summary>
    private static ExperimentTable Gains(IReadOnlyList<Image> images, List<string> refinements) => new(
        $"Part of the possible gain over {Reference} that a rule gets (1: as good as the best fixed threshold of each image)",
        ["threshold", .. refinements.Select(refinement => $"refinement {refinement}")],
        [
            .. ThresholdExperiment
                .MethodNames.Select(method => method.Name)
                .Distinct()
                .Where(name => name != Reference)
                .Select(name => new ExperimentRow(name, [.. refinements.Select(r => ExperimentText.Plain(Gain(images, name, r), "0.00"))])),
        ]
    );

    private static double Gain(IReadOnlyList<Image> images, string name, string refinement)
    {
        var reference = Column(images, MethodOf(Reference, refinement)).Average();
        return (Column(images, MethodOf(name, refinement)).Average() - reference) / (Best(images, refinement).Average() - reference);
    }

    private static ExperimentTable Relations(IReadOnlyList<Image> images)
    {
        var best = images.Select(image => BestThreshold(image, "none")).ToList();
        (string Name, Func<ObjectProperties, double> Of)[] properties =
        [
            ("size (fraction of the image)", p => p.Size),
            ("thinness (fraction of pixels at the outline)", p => p.Thinness),
            ("contrast with the surroundings", p => p.Contrast),
        ];
        return new(
            "Rank correlation of an object's property with its best fixed threshold, and with its IoU by Otsu's, without refinement",
            ["property", "best threshold", "IoU"],
            [
                .. properties.Select(property =>
                {
                    var values = images.Select(image => property.Of(image.Properties)).ToList();
                    return new ExperimentRow(
                        property.Name,
                        [
                            Correlation(values, best).Cell("+0.00;-0.00;0.00"),
                            Correlation(values, Column(images, MethodOf("otsu", "none"))).Cell("+0.00;-0.00;0.00"),
                        ]
                    );
                }),
            ]
        );
    }

    private static Measured Correlation(IReadOnlyList<double> first, IReadOnlyList<double> second) => new(
        RankCorrelation.Of(first, second),
        Bootstrap.Interval(
            first.Count,
            1,
            500,
            drawn => RankCorrelation.Of([.. drawn.Select(i => first[i])], [.. drawn.Select(i => second[i])])
        )
    );

    private static double BestThreshold(Image image, string refinement)
    {
        var best = Fixed(refinement).MaxBy(method => image.Scores[method]);
        return double.Parse(ThresholdExperiment.MethodNames[best].Name[FixedPrefix.Length..], CultureInfo.InvariantCulture);
    }

    private static double[] Best(IReadOnlyList<Image> images, string refinement) =>
        [.. images.Select(image => Fixed(refinement).Max(method => image.Scores[method]))];

    private static IEnumerable<int> Fixed(string refinement) =>
        Of(refinement).Where(m => ThresholdExperiment.MethodNames[m].Name.StartsWith(FixedPrefix, StringComparison.Ordinal));

    private static int MethodOf(string name, string refinement) =>
        ThresholdExperiment.MethodNames.Index().First(method => method.Item == (name, refinement)).Index;

    private static string Answer(IReadOnlyList<Image> images)
    {
        double Mean(string name, string refinement) => Column(images, MethodOf(name, refinement)).Average();
        return $"Otsu's threshold of each image gives {Measured.Number(Mean("otsu", "none"))} without refinement, a fixed 0.5 "
            + $"{Measured.Number(Mean(Reference, "none"))}, the best fixed one of each image "
            + $"{Measured.Number(Best(images, "none").Average())}: "
            + $"it gets {Measured.Number(Gain(images, "otsu", "none"), "0.00")} of the possible gain, and with the default refinement "
            + $"{Measured.Number(Gain(images, "otsu", "own"), "0.00")}.";
    }
}
