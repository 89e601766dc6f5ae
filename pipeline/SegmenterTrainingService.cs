using FreeMask.Files;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Configuration;
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
internal sealed class SegmenterTrainingService(
    BundleFolders bundles,
    IArtifactStore store,
    IOptions<FreeMaskOptions> options,
    TimeProvider time,
    ILogger<SegmenterTrainingService> logger
) : ISegmenterTraining
{
    private const string HeldOutFolder = "heldout", HeldOutList = "multi", TrainersFolder = "trainers";

    /// <inheritdoc/>
    public string? Refuse(RunSpec spec) =>
        spec.Trainer.IsExternal && !options.Value.ParsedRoles.HasFlag(SiloRoles.Trainer)
            ? "this silo does not run training programs; a silo whose FreeMask:Roles name 'trainer' does"
        : spec.Trainer.IsExternal ? null
        : LibTorch.Problem;

    /// <inheritdoc/>
    public async Task<SegmenterModel> TrainAsync(TrainingRequest request, ITrainingMonitor monitor, CancellationToken cancellationToken)
    {
        if (request.Spec.Trainer.IsExternal)
            return await new ExternalTrainer(Path.Combine(options.Value.DataFolder, TrainersFolder), store, time, logger)
                .TrainAsync(request, request.Spec.LabelSet(), Start(request.Spec), monitor, cancellationToken);
        var samples = new List<LabeledImage>(request.Examples.Count);
        foreach (var example in request.Examples)
        {
            var image = await store.GetImageAsync(example.Image, cancellationToken);
            samples.Add(new LabeledImage(example.Image, image, await store.GetLabelsAsync(example.Label, cancellationToken)));
        }

        var wanted = SegmenterRecipe.For(
            request.Spec,
            request.Spec.LabelSet().Names,
            request.Seed,
            request.Steps,
            Start(request.Spec)
        );
        var checkpoint = request.Checkpoint is { } last
            ? await store.GetAsync(last.Artifact, cancellationToken)
            : (ReadOnlyMemory<byte>?)null;
        var checkpoints = new Checkpoints(checkpoint, store, monitor);
        var progress = new Progress(monitor);
        // A dedicated thread: a training computes for minutes.
        var trained = await Task.Factory.StartNew(
            () => SegmenterTrainer.Train(wanted, samples, checkpoints, progress, cancellationToken, time),
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
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

    private async Task<SegmenterQuality> EvaluateAsync(
        RunSpec spec,
        OnnxSegmenter segmenter,
        ITrainingMonitor monitor,
        CancellationToken cancellationToken
    )
    {
        var labels = spec.LabelSet();
        var pairs = spec.Evaluation.ClassMap;
        var dataset = spec.Evaluation.Dataset == "heldout"
            ? VocFolder.OpenAs(labels, Path.Combine(bundles.Find(spec.Model), HeldOutFolder), HeldOutList, pairs)
            : VocFolder.OpenAs(labels, spec.Evaluation.Dataset, null, pairs);
        var evaluation = await Task.Run(
            () => SegmenterEvaluator.Evaluate(
                dataset.LoadAll(), labels.Names.Count, image => segmenter.Segment(image).Labels,
                progress: done => monitor.Report(done, dataset.Entries.Count, null), stop: cancellationToken),
            cancellationToken);
        evaluation.RequireClasses(dataset.Root);
        var scores = evaluation.Total.Scores();
        return new SegmenterQuality(
            scores.MeanIou,
            [.. labels.Names.Select((name, i) => new ClassIoU(name, scores.Iou[i])).Where(c => !double.IsNaN(c.IoU))]);
    }

    /// <summary>The folder of the initial weights; null for none.</summary>
    private string? Start(RunSpec spec)
    {
        if (spec.Training.InitFolder is { } named)
            return CheckpointFolder.KindOf(named) is not null && BundleHash.Of(named) == spec.Training.InitHash ? named : throw Gone(named);
        if (spec.Training.Init == "none") return null;
        var (part, what) = spec.Training.Init == "bundle" ? ("segmenter", "segmenter") : ("backbone", "classification backbone");
        var folder = Path.Combine(bundles.Find(spec.Model), part);
        return File.Exists(Path.Combine(folder, ModelFileNames.Weights))
            ? folder
            : throw new FreeMaskException(
                $"The bundle '{spec.Model}' has no {what} to start from ({folder}); set training.init to another value."
            );
    }

    private static FreeMaskException Gone(string folder) =>
        new($"The starting weights in {folder}, which training.init names, are gone or others than when the run was started; put them back "
                + "on every silo that trains.");

    /// <summary>Passes checkpoints to the run. The training thread waits until each is durable.</summary>
    private sealed class Checkpoints(ReadOnlyMemory<byte>? last, IArtifactStore store, ITrainingMonitor monitor) : ITrainingCheckpointStore
    {
        // An artifact is one array.
        public long Capacity => Array.MaxLength;

        public SafetensorsFile? Load() => last is { } bytes ? SafetensorsFile.Parse(bytes, "The training's checkpoint") : null;

        public void Save(int handler, SafetensorsFile checkpoint) =>
            SaveAsync(handler, checkpoint.ToBytes()).GetAwaiter().GetResult();

        private async Task SaveAsync(int handler, ReadOnlyMemory<byte> checkpoint) =>
            await monitor.SaveAsync(
                new TrainingCheckpoint(handler, await store.PutAsync(checkpoint, CancellationToken.None)),
                CancellationToken.None
            );
    }

    private sealed class Progress(ITrainingMonitor monitor) : IProgress<Training.Mask2Former.TrainingProgress>
    {
        public void Report(Training.Mask2Former.TrainingProgress value) => monitor.Report(value.Step, value.Steps, value.Loss);
    }
}
