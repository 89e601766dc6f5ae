using System.Globalization;
using System.Text.Json.Nodes;
using FreeMask.Imaging;
using FreeMask.Json;
using FreeMask.Randomness;
using FreeMask.Tensors;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// Trains a Mask2Former. The same request and samples give the same weights, bit by bit, interrupted or not, on one kind of processor with
/// one number of threads.
/// </summary>
internal static class SegmenterTrainer
{
    private const string NotAveraged = "Trained weights are averaged only with those of a segmenter of the same classes";

    /// <summary>As the other overload, with all samples in memory; they are checked before the training begins.</summary>
    /// <param name="request">What to train.</param>
    /// <param name="samples">What to learn from, in an order that never changes.</param>
    /// <param name="store">Where checkpoints are kept; if it has one of this training, the training goes on from there.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellationToken">Stops between two steps, after a checkpoint.</param>
    /// <param name="time">Measures the seconds.</param>
    /// <exception cref="FreeMaskException">The request, a sample, the starting weights or the checkpoint cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static SegmenterTrainingResult Train(
        SegmenterTrainingRequest request,
        IReadOnlyList<LabeledImage> samples,
        ITrainingCheckpointStore? store = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default,
        TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(samples);
        foreach (var sample in samples) sample.Require(request.Labels.Count);
        return Train(request, new InMemorySamples(samples), store, progress, cancellationToken, time);
    }

    /// <summary>Trains, and exports what was trained. Blocks the calling thread; give it one of its own.</summary>
    /// <param name="request">What to train.</param>
    /// <param name="samples">What to learn from, in an order that never changes.</param>
    /// <param name="store">Where checkpoints are kept; if it has one of this training, the training goes on from there.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellationToken">Stops between two steps, after a checkpoint.</param>
    /// <param name="time">Measures the seconds.</param>
    /// <param name="snapshots">Given the model at the steps that it wants, after a checkpoint; it changes nothing in the training.</param>
    /// <exception cref="FreeMaskException">The request, a sample, the starting weights or the checkpoint cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static SegmenterTrainingResult Train(
        SegmenterTrainingRequest request,
        ISegmentationSamples samples,
        ITrainingCheckpointStore? store = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default,
        TimeProvider? time = null,
        ITrainingSnapshots? snapshots = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(samples);
        Check(request, samples);
        LibTorch.Require();
        try
        {
            return Run(request, samples, store, progress, cancellationToken, time, snapshots);
        }
        finally
        {
            LibTorch.ReturnMemory();
        }
    }

    private static SegmenterTrainingResult Run(
        SegmenterTrainingRequest request,
        ISegmentationSamples samples,
        ITrainingCheckpointStore? store,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken,
        TimeProvider? time,
        ITrainingSnapshots? snapshots
    )
    {
        if (request.Threads > 0) set_num_threads(request.Threads);
        using var scope = NewDisposeScope();
        var device = request.Device.Open();
        using var model = Start(request, device);
        MixedPrecision.Set(model, request.Precision);
        CheckSize(model, store?.Capacity ?? long.MaxValue);
        model.train();
        model.FreezeNormalization(request.FreezeNormalization);
        using var optimizer = new FlatAdamW(SegmenterOptimizer.Parameters(model, request.BackboneRateFactor, request.WeightDecay));
        var batches = new SegmenterBatch(request, samples);
        var made = 0L;
        var loop = new TrainingLoop(model, optimizer, store)
        {
            Fingerprint = Fingerprint(request, model.Config, samples),
            Inputs = "samples",
            Steps = request.Steps,
            CheckpointEvery = request.CheckpointEvery,
            Rate = step => request.LearningRate * Math.Pow(1 - ((double)step / request.Steps), request.RatePower),
            Step = (step, rate) =>
            {
                made++;
                return Step(request, model, optimizer, batches, step, rate);
            },
            Keeps = step => snapshots?.Wants(step) == true,
            Before = state =>
            {
                if (state.Steps == 0 || snapshots?.Wants(state.Steps) != true) return;
                using var inner = NewDisposeScope();
                model.eval();
                snapshots.Take(state.Steps, Result(state));
                model.train();
            },
        };
        var trained = loop.Run(progress, time, cancellationToken);
        model.eval();
        return Result(trained);

        SegmenterTrainingResult Result(TrainingState state)
        {
            var cost = TrainingCost.Of(request.Device, made * request.Accumulation * request.BatchSize, state.Seconds);
            using var other = request.StartShare > 0 || !request.Device.IsProcessor ? OnProcessor(request, model) : null;
            var final = other ?? model;
            return new(
                ModuleState.ToFile(final).ToBytes(),
                final.Config.ToJson(),
                Mask2FormerOnnx.Export(final, request.Size, request.Size),
                Mask2FormerOnnx.Card(final.Config, request.Size, request.Size).ToJson(),
                state.Steps,
                state.Seconds,
                state.Loss
            )
            {
                Cost = cost,
            };
        }
    }

    /// <summary>What was trained, or a model between the start and that; on the processor, where models are exported.</summary>
    private static Mask2FormerModel OnProcessor(SegmenterTrainingRequest request, Mask2FormerModel trained)
    {
        var model = Start(request, CPU);
        ModuleState.Average(model, trained, 1 - request.StartShare);
        model.eval();
        return model;
    }

    /// <summary>A checkpoint holds weights and both moments; what is trained in the end, weights and an ONNX model, is one array
    /// each.</summary>
    private static void CheckSize(Mask2FormerModel model, long capacity)
    {
        const int Margin = 1 << 24;
        var most = Math.Min((capacity - Margin) / (3 * sizeof(float)), (Array.MaxLength - Margin) / sizeof(float));
        var parameters = model.parameters().Sum(parameter => parameter.numel());
        if (parameters > most)
            throw new FreeMaskException(
                $"The model has {parameters / 1000000} million parameters; this training takes at most {most / 1000000} million."
            );
    }

    private static double Step(
        SegmenterTrainingRequest request, Mask2FormerModel model, FlatAdamW optimizer, SegmenterBatch batches, int step, double rate)
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGradients();
        var value = 0f;
        for (var part = 0; part < request.Accumulation; part++)
            value += Gradients(request, model, batches, (step * request.Accumulation) + part) / request.Accumulation;
        if (!float.IsFinite(value))
            throw new FreeMaskException(
                $"The training diverged: the loss of step {step + 1} is not finite. Lower the learning rate ({request.LearningRate})."
            );
        optimizer.ClipGradients(request.GradientClip);
        optimizer.Step(rate);
        return value;
    }

    /// <summary>Adds the gradients of one batch, and returns its loss.</summary>
    private static float Gradients(SegmenterTrainingRequest request, Mask2FormerModel model, SegmenterBatch batches, int batch)
    {
        using var scope = NewDisposeScope();
        var (pixels, labels) = batches.Make(batch);
        var device = model.ClassWeights.device;
        var targets = SegmentationTargets.FromLabelMaps(labels, device);
        var points = PointSampling.Draw(model.Config, model.Config.DecoderLayers + 1, targets, request.Seed, batch);
        if (model.Backbone is SwinBackbone swin) swin.Randomness = new CounterRandom(request.Seed, batch, 0, "segmenter-drop-path");
        var output = model.Run(tensor(pixels, [labels.Length, 3, request.Size, request.Size], device: device)).Decoder.Predictions;
        var loss = new SetCriterion(model.Config, model.ClassWeights).Compute(output, targets, points).Total;
        (request.Accumulation == 1 ? loss : loss / PinnedScalar.Of(request.Accumulation)).backward();
        return loss.item<float>();
    }

    private static Mask2FormerModel Start(SegmenterTrainingRequest request, Device device)
    {
        using var scope = new DeviceScope(device);
        if (request.InitialFolder is not { } folder)
            return new Mask2FormerModel(
                (request.Config ?? Mask2FormerConfig.Small(request.Labels)) with
                {
                    Labels = request.Labels,
                },
                request.Seed
            );
        var path = Path.Combine(folder, CheckpointFolder.Config);
        var json = JsonFields.Load(path);
        var weights = CheckpointFolder.LoadWeights(folder);
        return (json["model_type"] as JsonValue)?.ToString() switch
        {
            "mask2former" => FromSegmenter(request, Mask2FormerConfig.Load(path), weights, folder),
            "resnet" or "swin" => FromBackbone(request, BackboneConfig.FromJson(json, path), weights, folder),
            var other => throw new FreeMaskException(
                $"{path} describes a model of type '{other}'; training can start from 'mask2former', 'resnet' or 'swin'."
            ),
        };
    }

    private static Mask2FormerModel FromSegmenter(
        SegmenterTrainingRequest request, Mask2FormerConfig found, SafetensorsFile weights, string folder)
    {
        var model = new Mask2FormerModel((request.Config ?? found) with { Labels = request.Labels }, request.Seed);
        var sameClasses = found.Labels.SequenceEqual(request.Labels);
        if (request.StartShare > 0 && !sameClasses)
            throw new FreeMaskException($"{NotAveraged}; {folder} is a segmenter of other classes.");
        var difference = ModuleState.Import(
            model,
            weights,
            name => sameClasses || !IsClassHead(name) ? Mask2FormerModel.Canonical(name) : null
        );
        (difference with { Missing = [.. difference.Missing.Where(name => sameClasses || !IsClassHead(name))] }).ThrowIfAny(folder);
        return model;
    }

    /// <summary>Takes the backbone of a classifier. Its head and the final norm of a Swin stay behind; norms of a Swin's four maps are the
    /// segmenter's own.</summary>
    private static Mask2FormerModel FromBackbone(
        SegmenterTrainingRequest request,
        BackboneConfig found,
        SafetensorsFile weights,
        string folder
    )
    {
        if (request.StartShare > 0) throw new FreeMaskException($"{NotAveraged}; {folder} is a classifier.");
        const string OwnNorms = "hidden_states_norms.";
        var prefix = found.Kind + ".";
        var config = request.Config ?? Mask2FormerConfig.Small(request.Labels);
        if (found is SwinConfig swin && config.Backbone is SwinConfig wanted) found = swin with { DropPath = wanted.DropPath };
        config = config with { Labels = request.Labels, Backbone = found };
        var model = new Mask2FormerModel(config, request.Seed);
        var difference = ModuleState.Import(
            model.Backbone,
            weights,
            name =>
                name.StartsWith(prefix, StringComparison.Ordinal) && !name.StartsWith(prefix + "layernorm.", StringComparison.Ordinal)
                    ? name[prefix.Length..]
                    : null
        );
        (
            difference with
            {
                Missing = [.. difference.Missing.Where(name => !name.StartsWith(OwnNorms, StringComparison.Ordinal))],
            }
        ).ThrowIfAny(folder);
        return model;
    }

    private static bool IsClassHead(string name) =>
        name.StartsWith("class_predictor.", StringComparison.Ordinal) || name.StartsWith("criterion.", StringComparison.Ordinal);

    /// <summary>Names a training: everything that its weights depend on but the pixels, which the samples' names stand for. The names of
    /// the request's public members are part of it: checkpoints of a training under way do not fit a build that renames one.</summary>
    private static string Fingerprint(SegmenterTrainingRequest request, Mask2FormerConfig config, ISegmentationSamples samples)
    {
        var lines = Enumerable.Range(0, samples.Count).Select(samples.IdOf)
            .Prepend((request with { Config = null, Labels = [], InitialFolder = null, CheckpointEvery = 1, Threads = 0 }).ToString())
            .Prepend(request.Accumulation == 1 ? config.ToJson() : $"{request.Accumulation} batches a step\n{config.ToJson()}");
        return TrainingLoop.Hash(request.Precision == TrainingPrecision.Single ? lines : lines.Prepend($"{request.Precision}"));
    }

    private static void Check(SegmenterTrainingRequest request, ISegmentationSamples samples)
    {
        if (samples.Count == 0) throw new FreeMaskException("There are no samples to train a segmenter on.");
        if (request.Size <= 0 || request.Size % 32 != 0)
            throw new FreeMaskException($"The training size is {request.Size}; it must be a multiple of 32.");
        if (request.Steps < 1 || request.BatchSize < 1 || request.Accumulation < 1 || request.CheckpointEvery < 1)
            throw new FreeMaskException("Steps, batch size and checkpoint interval of a training must be at least 1.");
        if (!(request.LearningRate >= 0) || !double.IsFinite(request.LearningRate))
            throw new FreeMaskException(
                string.Create(CultureInfo.InvariantCulture, $"The learning rate is {request.LearningRate}; it must not be negative.")
            );
        if (request.StartShare is not (>= 0 and < 1))
            throw new FreeMaskException(
                string.Create(CultureInfo.InvariantCulture, $"The share of the start is {request.StartShare}; it must be in [0, 1).")
            );
        if (request.StartShare > 0 && request.InitialFolder is null) throw new FreeMaskException($"{NotAveraged}; there is none.");
    }
}
