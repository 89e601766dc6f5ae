using FreeMask.Files;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Devices;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Pipeline.Trainers;
using FreeMask.Tensors;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Torch;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Segmentation;
using Microsoft.Extensions.Options;

namespace FreeMask.Pipeline;

/// <summary>Trains Mask2Former on samples of a run, and evaluates it on a data set in PASCAL VOC layout.</summary>
internal sealed partial class SegmenterTrainingService(
    BundleFolders bundles,
    IArtifactStore store,
    IOptions<FreeMaskOptions> options,
    IOptions<DeviceOptions> devices,
    TimeProvider time,
    ILogger<SegmenterTrainingService> logger
) : ISegmenterTraining
{
    private const string HeldOutFolder = "heldout", HeldOutList = "multi", TrainersFolder = "trainers";

    /// <summary>Bytes of a piece of a checkpoint.</summary>
    internal int PieceSize { get; init; } = PiecedArtifact.PieceSize;

    private TrainingDevice Device => TrainingDevice.Parse(devices.Value.Training);

    /// <inheritdoc/>
    public string? Refuse(RunSpec spec) =>
        spec.Trainer.IsExternal && !options.Value.ParsedRoles.HasFlag(SiloRoles.Trainer)
            ? "this silo does not run training programs; a silo whose FreeMask:Roles name 'trainer' does"
        : spec.Trainer.IsExternal ? null
        : Device.Problem;

    /// <inheritdoc/>
    public Task<string?> FindLackAsync(RunSpec spec, JobKind kind, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            try
            {
                if (kind == JobKind.Train)
                {
                    Start(spec);
                    RealImages.Open(spec);
                }
                else if (spec.Evaluation.Dataset != "none")
                {
                    Measured(spec);
                }

                return null;
            }
            catch (SiloLacksDataException lack)
            {
                return lack.Message;
            }
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task<SegmenterModel> TrainAsync(TrainingRequest request, ITrainingMonitor monitor, CancellationToken cancellationToken)
    {
        var real = await Task.Run(() => RealImages.Open(request.Spec), cancellationToken);
        if (request.Spec.Trainer.IsExternal)
            return await new ExternalTrainer(Path.Combine(options.Value.DataFolder, TrainersFolder), store, time, logger)
                .TrainAsync(request, real, request.Spec.LabelSet(), Start(request.Spec), monitor, cancellationToken);
        var examples = real is { IsAlone: true } ? [] : request.Examples;
        var samples = new List<LabeledImage>(examples.Count);
        foreach (var example in examples)
        {
            var image = await store.GetImageAsync(example.Image, cancellationToken);
            samples.Add(new LabeledImage(example.Image, image, await store.GetLabelsAsync(example.Label, cancellationToken)));
            samples[^1].Require(request.Spec.LabelSet().Names.Count);
        }

        var wanted = SegmenterRecipe.For(
            request.Spec,
            request.Spec.LabelSet().Names,
            request.Seed,
            request.Steps,
            Start(request.Spec)
        ) with
        {
            Device = Device,
        };
        var checkpoint = request.Checkpoint is { } last ? await last.Content.OpenAsync(store, cancellationToken) : null;
        var checkpoints = new Checkpoints(checkpoint, store, monitor, PieceSize);
        var progress = new Progress(monitor);
        // A dedicated thread: a training computes for minutes.
        var trained = await Task.Factory.StartNew(
            () => SegmenterTrainer.Train(wanted, MixedSamples.Of(samples, real), checkpoints, progress, cancellationToken, time),
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        LogTrained(logger, wanted.Steps, wanted.Device, wanted.Precision.Name(), trained.Cost);
        return await SegmenterArtifacts.KeepAsync(store, trained, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<SegmenterQuality?> EvaluateStartAsync(RunSpec spec, ITrainingMonitor monitor, CancellationToken cancellationToken)
    {
        if (spec.Training.Init != "bundle" || Start(spec) is not { } folder) return null;
        var side = SegmenterRecipe.For(spec, [], 0, 0, folder).Size;
        var (onnx, text) = await Task.Run(() => SegmenterExport.ToOnnx(folder, side, side), cancellationToken);
        var card = SegmenterCard.Parse(text, folder);
        // A model of other classes gets a new head: nothing can be measured before its training.
        if (!card.Classes.SequenceEqual(spec.LabelSet().Names)) return null;
        using var segmenter = new OnnxSegmenter(onnx, card);
        return await EvaluateAsync(spec, segmenter, monitor, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<SegmenterQuality> EvaluateAsync(
        RunSpec spec,
        SegmenterModel model,
        ITrainingMonitor monitor,
        CancellationToken cancellationToken
    )
    {
        using var segmenter = await SegmenterArtifacts.OpenAsync(store, model, new OnnxSessionOptions(), cancellationToken);
        return await EvaluateAsync(spec, segmenter, monitor, cancellationToken);
    }

    /// <summary>How many sets a bootstrap draws: fewer for many images of many classes, so that it takes seconds.</summary>
    private static int Draws(SegmenterEvaluation measured)
    {
        const double additions = 1e9;
        var ofOne = (double)measured.Images.Count * measured.Total.Classes * (measured.Total.Classes + 1);
        return (int)Math.Clamp(additions / ofOne, 100, 1000);
    }

    private async Task<SegmenterQuality> EvaluateAsync(
        RunSpec spec,
        OnnxSegmenter segmenter,
        ITrainingMonitor monitor,
        CancellationToken cancellationToken
    )
    {
        var (protocol, first, second) = await Task.Run(() => Measured(spec), cancellationToken);
        var images = first.Count + (second?.Count ?? 0);
        return await Task.Run(
            () =>
            {
                var quality = Measure(first, 0);
                return second is null ? quality : quality with { Transfer = Measure(second, first.Count) };
            },
            cancellationToken);

        SegmenterQuality Measure(MatchedDataset dataset, int before)
        {
            var translation = protocol.Translation();
            var measured = SegmenterEvaluator.Evaluate(
                dataset.LoadAll(), protocol.Target.Names.Count, Predict,
                progress: done => monitor.Report(before + done, images, null), stop: cancellationToken);
            measured.RequireClasses(dataset.Root);
            var iou = measured.Total.Scores().Iou;
            var interval = measured.IntervalOf(protocol, Draws(measured));
            return new SegmenterQuality(
                protocol.MeanIoU(measured.Total),
                [.. protocol.Counted.Where(c => !double.IsNaN(iou[c])).Select(c => new ClassIoU(protocol.Target.Names[c], iou[c]))],
                protocol.Split(measured.Total) is { } split ? new ZeroShotQuality(split.Seen, split.Unseen, split.Harmonic) : null)
            {
                Interval = double.IsFinite(interval.Low) ? new MeasureInterval(interval.Low, interval.High) : null,
            };

            LabelMap Predict(RgbImage image) =>
                segmenter.Segment(image).Labels is var labels && translation is null ? labels : translation!.Apply(labels);
        }
    }

    /// <summary>The data sets that segmenters of a run are measured on; the second is null where there is none.</summary>
    /// <exception cref="SiloLacksDataException">One is not on this silo, or another one than when the run was started.</exception>
    private (EvaluationProtocol Protocol, MatchedDataset First, MatchedDataset? Second) Measured(RunSpec spec)
    {
        var evaluation = spec.Evaluation;
        var protocol = EvaluationProtocol.Of(evaluation.Protocol, spec.LabelSet(), spec.Classes);
        var isShipped = evaluation.Dataset == "heldout";
        var folder = isShipped ? Path.Combine(bundles.Find(spec.Model), HeldOutFolder) : evaluation.Dataset;
        var first = NamedDatasets.Open(
            "evaluation.dataset",
            folder,
            evaluation.DatasetHash,
            () => protocol.Open(
                folder, isShipped ? null : evaluation.Layout, isShipped ? HeldOutList : evaluation.Part, evaluation.ClassMap));
        var second = evaluation.Transfer is not { } other
            ? null
            : NamedDatasets.Open(
                "evaluation.transfer",
                other,
                evaluation.TransferHash,
                () => protocol.Open(other, null, evaluation.TransferPart, evaluation.TransferClassMap));
        return (protocol, first, second);
    }

    /// <summary>The folder of the initial weights; null for none.</summary>
    /// <exception cref="SiloLacksDataException">It is not on this silo, or holds other weights than when the run was started.</exception>
    private string? Start(RunSpec spec)
    {
        if (spec.Training.InitFolder is { } named)
            return CheckpointFolder.KindOf(named) is not null && BundleHash.Of(named) == spec.Training.InitHash ? named : throw Gone(named);
        if (SegmenterRecipe.PartOf(spec.Training) is not { } part) return null;
        var what = part == SegmenterRecipe.BackbonePart ? "classification backbone" : "segmenter";
        var folder = Path.Combine(bundles.Find(spec.Model), part);
        return File.Exists(Path.Combine(folder, ModelFileNames.Weights))
            ? folder
            : throw new FreeMaskException(
                $"The bundle '{spec.Model}' has no {what} to start from ({folder}); set training.init to another value."
            );
    }

    private static SiloLacksDataException Gone(string folder) =>
        new($"The starting weights in {folder}, which training.init names, are gone or others than when the run was started; put them "
                + "back.");

    /// <summary>Passes checkpoints to the run. The training thread waits until each is durable.</summary>
    private sealed class Checkpoints(PieceReader? last, IArtifactStore store, ITrainingMonitor monitor, int pieceSize)
        : ITrainingCheckpointStore
    {
        public long Capacity => long.MaxValue;

        public SafetensorsFile? Load() =>
            last is null
                ? null
                : SafetensorsFile.Open(
                    last.Length,
                    (position, count) => last.ReadAsync(position, count, CancellationToken.None).GetAwaiter().GetResult(),
                    "The training's checkpoint"
                );

        public void Save(int handler, SafetensorsFile checkpoint) => SaveAsync(handler, checkpoint).GetAwaiter().GetResult();

        private async Task SaveAsync(int handler, SafetensorsFile checkpoint)
        {
            var content = await PiecedArtifact.WriteAsync(
                store,
                stream =>
                {
                    checkpoint.Write(stream);
                    return Task.CompletedTask;
                },
                pieceSize,
                CancellationToken.None
            );
            await monitor.SaveAsync(new TrainingCheckpoint(handler, content.Artifact, content.Pieces), CancellationToken.None);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Trained {Steps} steps on {Device} in {Precision}: {Cost}")]
    private static partial void LogTrained(ILogger logger, int steps, TrainingDevice device, string precision, TrainingCost cost);

    private sealed class Progress(ITrainingMonitor monitor) : IProgress<Training.Torch.TrainingProgress>
    {
        public void Report(Training.Torch.TrainingProgress value) => monitor.Report(value.Step, value.Steps, value.Loss);
    }
}
