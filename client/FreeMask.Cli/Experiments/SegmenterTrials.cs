using FreeMask.Imaging;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Mini.Stages;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Cli.Experiments;

/// <summary>What a segmenter labels right on the test sets.</summary>
/// <param name="Samples">The images that it was trained on.</param>
/// <param name="Sets">The counts of every image, by name of the test set.</param>
internal sealed record Trial(int Samples, IReadOnlyDictionary<string, IReadOnlyList<ClassCounts>> Sets);

/// <summary>
/// Short trainings from the bundle's segmenter, each measured on all test sets. All have the same steps, rate and augmentation, so that
/// only the training images differ.
/// </summary>
/// <param name="model">The folder of the bundle.</param>
internal sealed class SegmenterTrials(string model)
{
    /// <summary>Optimizer steps of a training, of sixteen images each.</summary>
    internal const int Steps = 100;

    /// <summary>Optimizer steps of a long training.</summary>
    internal const int LongSteps = 500;

    private const double Rate = 1e-4, LongRate = 5e-4;
    private const int Side = 128, Draws = 500, Threads = 2;
    private const ulong IntervalSeed = 1;

    private readonly Lazy<IReadOnlyList<TestSet>> _sets = new(() => TestSet.Of(model, HeldOutSet.MultipleSplit));

    private string StartFolder => Path.Combine(model, "segmenter");

    /// <summary>The names of the test sets.</summary>
    internal IReadOnlyList<string> SetNames => [.. _sets.Value.Select(set => set.Name)];

    /// <summary>The start, before any training.</summary>
    internal Trial Start(CancellationToken stop)
    {
        using var segmenter = OpenStart();
        return Measure(0, segmenter, stop);
    }

    /// <summary>The start itself.</summary>
    internal OnnxSegmenter OpenStart()
    {
        var (onnx, card) = SegmenterExport.ToOnnx(StartFolder, Side, Side);
        return Open(onnx, card);
    }

    /// <summary>Trains on images and measures.</summary>
    /// <param name="images">The images, in an order that never changes.</param>
    /// <param name="seed">The seed of order and augmentation.</param>
    /// <param name="stop">Cancels.</param>
    /// <param name="isLong">Whether it takes <see cref="LongSteps"/> at five times the rate.</param>
    internal Trial Train(IReadOnlyList<LabeledImage> images, ulong seed, CancellationToken stop, bool isLong = false)
    {
        var request = new SegmenterTrainingRequest
        {
            Labels = LabelSet.Voc.Names,
            Seed = seed,
            Steps = isLong ? LongSteps : Steps,
            InitialFolder = StartFolder,
            LearningRate = isLong ? LongRate : Rate,
            Augmentation = SegmenterAugmentation.Style,
            Threads = Threads,
            Size = Side,
        };
        var trained = SegmenterTrainer.Train(request, images, cancellationToken: stop);
        using var segmenter = Open(trained.Onnx, trained.Card);
        return Measure(images.Count, segmenter, stop);
    }

    /// <summary>The row of a training on images of the run of a seed; null where the time is over.</summary>
    /// <param name="context">Keeps the row.</param>
    /// <param name="key">Its name.</param>
    /// <param name="seed">The seed of the run, of order and augmentation.</param>
    /// <param name="images">Chooses or makes the images.</param>
    /// <param name="stop">Cancels.</param>
    internal Task<Trial?> TrainAsync(
        ExperimentContext context,
        string key,
        ulong seed,
        Func<IReadOnlyList<RunSample>, IReadOnlyList<LabeledImage>> images,
        CancellationToken stop
    ) => context.RowAsync<Trial>(
        key,
        async () =>
        {
            var run = await context.Runs.SamplesAsync(seed, stop);
            return await Task.Run(() => Train(images(run), seed, stop), stop);
        },
        stop
    );

    /// <summary>Mean IoU of trainings that differ in their seed, on one test set.</summary>
    internal Measured MeanIoU(IReadOnlyList<Trial> trials, string set) => Interval(set, weights => Mean(trials, set, weights));

    /// <summary>How much better trainings are than others, seed by seed, on one test set.</summary>
    internal Measured Difference(IReadOnlyList<Trial> trials, IReadOnlyList<Trial> others, string set) =>
        Interval(set, weights => Mean(trials, set, weights) - Mean(others, set, weights));

    private Measured Interval(string set, Func<double[]?, double> measure)
    {
        var objects = _sets.Value.First(item => item.Name == set).Objects;
        var values = Enumerable
            .Range(0, Draws)
            .Select(draw => measure(objects.Weights(IntervalSeed, draw)))
            .ToList();
        return new(measure(null), Bootstrap.Interval(values));
    }

    private static double Mean(IReadOnlyList<Trial> trials, string set, double[]? weights) =>
        trials.Average(trial => ClassCounts.MeanIoU(trial.Sets[set], weights));

    private OnnxSegmenter Open(byte[] onnx, string card) => new(onnx, SegmenterCard.Parse(card, StartFolder), Threads);

    private Trial Measure(int samples, OnnxSegmenter segmenter, CancellationToken stop) => new(
        samples,
        _sets.Value.ToDictionary(
            set => set.Name,
            set => (IReadOnlyList<ClassCounts>)[
                .. SegmenterEvaluator
                    .Evaluate(set.Images, LabelSet.Voc.Names.Count, image => segmenter.Segment(image).Labels, stop: stop)
                    .Images.Select(ClassCounts.Of),
            ]
        )
    );
}
