using System.Diagnostics;
using System.Globalization;
using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Experiments;

/// <summary>How many objects may an image have?</summary>
internal sealed class ObjectsExperiment : IExperiment
{
    private const int Most = 8;
    private const double LeastFound = 0.5;

    /// <summary>What was measured of images of up to so many objects.</summary>
    /// <param name="Objects">Objects in an image.</param>
    /// <param name="Found">Fraction of objects that the start labels with an IoU of at least a half, without regard to classes.</param>
    /// <param name="Agreement">IoU of all objects together, without regard to classes.</param>
    /// <param name="Undecided">Fraction of pixels whose label is undecided.</param>
    /// <param name="Smallest">Fraction of the image that the smallest object shows.</param>
    /// <param name="Seconds">Seconds to compose and harmonize an image.</param>
    /// <param name="Bytes">Bytes of image, label map and instance map.</param>
    /// <param name="Memory">Largest memory of the process so far, in bytes.</param>
    private sealed record Row(
        IReadOnlyList<double> Objects,
        IReadOnlyList<double> Found,
        IReadOnlyList<double> Agreement,
        double Undecided,
        double Smallest,
        double Seconds,
        double Bytes,
        long Memory
    );

    public string Name => "objects";

    public string Question => "How many objects may an image have: what is lost with 1 to 8, and what does it cost?";

    public double Minutes => 8;

    public async Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop)
    {
        var trials = new SegmenterTrials(context.Model);
        var table = new TrialTable(trials);
        var rows = new List<(int Most, List<Row> Rows)>();
        foreach (var seed in context.Seeds)
            for (var most = 1; most <= Most; most++)
            {
                var limit = most;
                if (
                    await context.RowAsync<Row>(
                        $"objects-{limit}-{seed}",
                        async () =>
                        {
                            var run = await context.Runs.SamplesAsync(seed, stop);
                            return await Task.Run(() => Measure(RunSample.FirstRound(run), limit, seed, trials), stop);
                        },
                        stop
                    )
                    is { } row
                )
                {
                    if (rows.Find(item => item.Most == limit).Rows is { } known) known.Add(row);
                    else rows.Add((limit, [row]));
                }

                // Trainings only of some, which take most of the time.
                if (limit is not (1 or 2 or 4 or Most)) continue;
                await table.TrainAsync(
                    context,
                    (Label(limit), limit == 1 ? null : Label(1), $"trained-{limit}"),
                    seed,
                    run => SampleComposer.Examples(RunSample.FirstRound(run), new() { MaxObjects = limit }, seed),
                    stop
                );
            }

        var measured = rows.OrderBy(row => row.Most).ToList();
        return new(
            Name,
            Question,
            "Cost grows with the objects; from about four on objects hide each other and the segmenter finds fewer of them.",
            Answer(measured),
            $"The images have {128}x{128} pixels; the segmenter that looks at them is the bundle's. Objects that find no place are left "
                + "out, so that images rarely hold the most that is allowed.",
            [
                new(
                    "Images of up to N objects; means over images and seeds, 95 % intervals",
                    ["most objects", "objects", "found", "IoU without classes", "undecided", "smallest object", "s", "KiB", "memory, MiB"],
                    [.. measured.Select(item => Cells(item.Most, item.Rows))]
                ),
                .. table.IsEmpty ? [] : (IReadOnlyList<ExperimentTable>)[table.ToTable("mIoU of segmenters trained on them")],
            ],
            measured.Count == 0
                ? null
                : new(
                    "What the bundle's segmenter finds",
                    "fraction, with its 95 % interval",
                    [
                        new(
                            "objects found",
                            [.. measured.Select(i => Measured.Mean([.. i.Rows.SelectMany(r => r.Found)], 1).Point(Label(i.Most)))]
                        ),
                        new(
                            "IoU without classes",
                            [.. measured.Select(i => Measured.Mean([.. i.Rows.SelectMany(r => r.Agreement)], 1).Point(Label(i.Most)))]
                        ),
                    ]
                )
        );
    }

    private static string Label(int most) => string.Create(CultureInfo.InvariantCulture, $"up to {most} object{(most == 1 ? "" : "s")}");

    private static Row Measure(IReadOnlyList<RunSample> samples, int most, ulong seed, SegmenterTrials trials)
    {
        var started = Stopwatch.GetTimestamp();
        var composed = SampleComposer.Compose(samples, new CompositionWay { MaxObjects = most }, seed);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds / composed.Count;
        using var segmenter = trials.OpenStart();
        var (objects, found, agreements) = (new List<double>(), new List<double>(), new List<double>());
        double undecided = 0, smallest = 0, bytes = 0;
        foreach (var item in composed)
        {
            var (labels, instances) = (item.Example.Labels, item.Instances.Labels);
            var prediction = segmenter.Segment(item.Example.Image).Labels;
            var numbers = instances.Where(n => n is not (0 or LabelMap.Ignore)).Distinct().ToList();
            objects.Add(numbers.Count);
            agreements.Add(SampleAgreement.Compute(labels, item.Instances, prediction).Mask);
            foreach (var number in numbers) found.Add(IsFound(instances, number, prediction) ? 1 : 0);
            undecided += (double)labels.Labels.Count(label => label == LabelMap.Ignore) / labels.Labels.Length;
            smallest += numbers.Min(number => instances.Count(n => n == number)) / (double)instances.Length;
            bytes += ImageCodec.EncodePng(item.Example.Image).Length
                + IndexedPng.Encode(labels).Length
                + IndexedPng.Encode(item.Instances).Length;
        }

        return new(
            objects,
            found,
            agreements,
            undecided / composed.Count,
            smallest / composed.Count,
            seconds,
            bytes / composed.Count,
            Environment.WorkingSet
        );
    }

    /// <summary>Whether at least half of an object's pixels are labeled as some object.</summary>
    private static bool IsFound(byte[] instances, byte number, LabelMap prediction)
    {
        int all = 0, labeled = 0;
        for (var i = 0; i < instances.Length; i++)
        {
            if (instances[i] != number) continue;
            all++;
            if (prediction.Labels[i] is not (LabelMap.Background or LabelMap.Ignore)) labeled++;
        }

        return labeled >= LeastFound * all;
    }

    private static ExperimentRow Cells(int most, List<Row> rows) => new(
        most.ToString(CultureInfo.InvariantCulture),
        [
            Measured.Mean([.. rows.SelectMany(row => row.Objects)], 1).Cell("0.00"),
            Measured.Mean([.. rows.SelectMany(row => row.Found)], 1).Cell(),
            Measured.Mean([.. rows.SelectMany(row => row.Agreement)], 1).Cell(),
            ExperimentText.Plain(rows.Average(row => row.Undecided), "0.0000"),
            ExperimentText.Plain(rows.Average(row => row.Smallest), "0.0000"),
            ExperimentText.Plain(rows.Average(row => row.Seconds), "0.000"),
            ExperimentText.Plain(rows.Average(row => row.Bytes) / 1024, "0.0"),
            ExperimentText.Plain(rows.Max(row => row.Memory) / 1048576.0, "0"),
        ]
    );

    private static string Answer(List<(int Most, List<Row> Rows)> rows)
    {
        if (rows.Count < 2) return "Not measured yet.";
        var (first, last) = (rows[0].Rows, rows[^1].Rows);
        string Mean(List<Row> of, Func<Row, IReadOnlyList<double>> numbers) =>
            Measured.Number(of.SelectMany(numbers).Average(), "0.00");
        return $"With up to {rows[^1].Most} objects allowed, images hold {Mean(last, row => row.Objects)} on average; the bundle's "
            + $"segmenter "
            + $"finds {Mean(last, row => row.Found)} of them, against {Mean(first, row => row.Found)} of single ones, and an image takes "
            + $"{Measured.Number(last.Average(row => row.Seconds))} s to compose, against "
            + $"{Measured.Number(first.Average(row => row.Seconds))}.";
    }
}
