using System.Globalization;
using FreeMask.Imaging;

namespace FreeMask.Cli.Experiments;

/// <summary>
/// Trainings that are compared: each with every seed, measured on all test sets, and as a difference to one of them, seed by seed.
/// </summary>
/// <param name="trials">The trainings.</param>
internal sealed class TrialTable(SegmenterTrials trials)
{
    private readonly List<(string Label, string? Baseline, List<Trial> Trials)> _rows = [];

    /// <summary>Adds a training of a seed to the row of a label; a training that was not made is left out.</summary>
    /// <param name="label">The row.</param>
    /// <param name="baseline">The row that it is compared with; null for none.</param>
    /// <param name="trial">The training.</param>
    internal void Add(string label, string? baseline, Trial? trial)
    {
        if (trial is null) return;
        if (_rows.FindIndex(row => row.Label == label) is >= 0 and var at) _rows[at].Trials.Add(trial);
        else _rows.Add((label, baseline, [trial]));
    }

    /// <summary>Adds the start, before any training.</summary>
    internal async Task AddStartAsync(ExperimentContext context, string label, CancellationToken stop) =>
        Add(label, null, await context.RowAsync("start", () => trials.Start(stop), stop));

    /// <summary>Adds a training on images of the run of a seed.</summary>
    /// <param name="context">Keeps the training.</param>
    /// <param name="row">Its label, the label that it is compared with, and its name without the seed.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="images">Chooses or makes the images.</param>
    /// <param name="stop">Cancels.</param>
    internal async Task TrainAsync(
        ExperimentContext context,
        (string Label, string? Baseline, string Key) row,
        ulong seed,
        Func<IReadOnlyList<RunSample>, IReadOnlyList<LabeledImage>> images,
        CancellationToken stop
    ) => Add(row.Label, row.Baseline, await trials.TrainAsync(context, $"{row.Key}-{seed}", seed, images, stop));

    /// <summary>Whether nothing was measured.</summary>
    internal bool IsEmpty => _rows.Count == 0;

    /// <summary>Whether a row has trainings.</summary>
    internal bool Has(string label) => _rows.Exists(row => row.Label == label);

    /// <summary>Mean IoU of a row on a test set.</summary>
    internal Measured Of(string label, string set = TestSet.Main) => trials.MeanIoU(Row(label), set);

    /// <summary>How much better a row is than another, over the seeds that both have.</summary>
    internal Measured Difference(string label, string baseline, string set = TestSet.Main)
    {
        var (own, other) = (Row(label), Row(baseline));
        // A row of one training, such as the start, is compared with every seed.
        var count = other.Count == 1 ? own.Count : Math.Min(own.Count, other.Count);
        return trials.Difference([.. own.Take(count)], other.Count == 1 ? other : [.. other.Take(count)], set);
    }

    /// <summary>The table.</summary>
    internal ExperimentTable ToTable(string title)
    {
        var sets = trials.SetNames;
        return new(
            title,
            ["trained on", "images", "seeds", .. sets.Select(set => $"mIoU, {set}"), "against", $"difference, {TestSet.Main}"],
            [
                .. _rows.Select(row => new ExperimentRow(
                    row.Label,
                    [
                        new(row.Trials.Average(trial => trial.Samples).ToString("0", CultureInfo.InvariantCulture)),
                        new(row.Trials.Count.ToString(CultureInfo.InvariantCulture)),
                        .. sets.Select(set => trials.MeanIoU(row.Trials, set).Cell()),
                        new(row.Baseline ?? ""),
                        row.Baseline is { } baseline && Has(baseline) ? Difference(row.Label, baseline).SignedCell() : new(""),
                    ]
                )),
            ]
        );
    }

    /// <summary>The plot: a series for each test set.</summary>
    internal ExperimentPlot ToPlot(string title) => new(
        title,
        "mIoU with its 95 % interval",
        [
            .. trials.SetNames.Select(set => new PlotSeries(
                set,
                [.. _rows.Select(row => trials.MeanIoU(row.Trials, set).Point(row.Label))]
            )),
        ]
    );

    private List<Trial> Row(string label) => _rows.Find(row => row.Label == label).Trials;
}
