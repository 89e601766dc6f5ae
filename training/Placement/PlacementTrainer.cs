using System.Security.Cryptography;
using FreeMask.Tensors;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Torch;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Placement;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FreeMask.Training.Placement;

/// <summary>
/// Trains a placement network (<see cref="PlacementNetwork"/>) on photographs whose objects are taken out, or on rendered scenes. With
/// start weights the encoder of the background stays as it is and teaches what a composite looks like; without, all is learned, from the
/// judged places alone. The same request and material give the same weights on one kind of processor with one number of threads,
/// interrupted or not.
/// </summary>
internal static class PlacementTrainer
{
    /// <summary>Words of <see cref="PlacementConfig.Init"/>.</summary>
    internal const string ImageNet = "imagenet", None = "none";

    private const string Training = "placement-sample", Validation = "placement-validation";

    private const double GradientClip = 5;

    /// <summary>Trains and writes a model. Blocks the calling thread; give it one of its own.</summary>
    /// <param name="request">How.</param>
    /// <param name="material">From what.</param>
    /// <param name="folder">Where the model is written.</param>
    /// <param name="start">A ResNet-18 of ImageNet under Hugging Face's names; null to start from nothing.</param>
    /// <param name="store">Where checkpoints are kept; if it has one of this training, the training goes on from there.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops between two steps, after a checkpoint.</param>
    /// <param name="time">Measures the seconds.</param>
    /// <exception cref="FreeMaskException">The training diverged.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static (PlacementConfig Config, PlacementMeasure Measure) Train(
        PlacementTrainingRequest request,
        PlacementMaterial material,
        string folder,
        SafetensorsFile? start = null,
        ITrainingCheckpointStore? store = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellation = default,
        TimeProvider? time = null
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(material);
        LibTorch.Require();
        using var scope = NewDisposeScope();
        using var network = Network(request, start);
        using var optimizer = new FlatAdamW(
            network.named_parameters().Where(p => p.parameter.requires_grad).Select(p => new TrainedParameter(
                p.name,
                (Parameter)p.parameter,
                start is not null && p.name.StartsWith("fg_encoder", StringComparison.Ordinal) ? request.EncoderRate : 1,
                p.parameter.dim() > 1 ? request.WeightDecay : 0
            ))
        );
        var loop = new TrainingLoop(network, optimizer, store)
        {
            Fingerprint = Fingerprint(request, material.Identity, start),
            Inputs = material.Scenes > 0 ? "scenes" : "images",
            Steps = request.Steps,
            CheckpointEvery = request.CheckpointEvery,
            Rate = step => request.LearningRate * (1 - ((double)step / request.Steps)),
            Step = (step, rate) => Step(request, network, optimizer, material.Learned, step, rate, start is null ? 0 : request.MimicWeight),
        };
        network.train();
        loop.Run(progress, time, cancellation);
        network.eval();
        var measure = Measure(request, network, material.HeldOut);
        var config = new PlacementConfig
        {
            Size = request.Size,
            Steps = request.Steps,
            Seed = request.Seed,
            Scenes = material.Scenes,
            Init = start is null ? None : ImageNet,
        };
        return (config.Save(folder, network.ToOnnx(request.Size), material.Images), measure);
    }

    private static PlacementNetwork Network(PlacementTrainingRequest request, SafetensorsFile? start)
    {
        var shape = start is null
            ? PlacementShape.Public(request.Width) with { Features = request.Features }
            : new PlacementShape(ImageNetResNet18.Config.EmbeddingSize, ImageNetResNet18.Config.Depths, request.Features);
        var network = new PlacementNetwork(shape, request.Seed);
        if (start is null) return network;
        network.Start(start);
        network.FreezeBackground();
        return network;
    }

    private static double Step(
        PlacementTrainingRequest request,
        PlacementNetwork network,
        FlatAdamW optimizer,
        IPlacementSamples samples,
        int step,
        double rate,
        double mimicWeight
    )
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGradients();
        var batch = Draw(samples, request, (long)step * request.BatchSize, request.BatchSize, Training);
        var (logits, features) = network.forward(
            Stack(batch, s => s.Background, 3, request.Size),
            Stack(batch, s => s.Foreground, 3, request.Size),
            Stack(batch, s => s.Mask, 1, request.Size)
        );
        var loss = PlacementLoss.CrossEntropy(logits, Target(batch, request.Size));
        if (mimicWeight > 0)
        {
            Tensor Places(Func<JudgedPlace, long> of) => tensor(batch.Select(s => of(s.Places[0])).ToArray());
            var mimicking = PlacementLoss.Mimicking(
                features,
                tensor(Enumerable.Range(0, batch.Length).Select(i => (long)i).ToArray()),
                Places(p => p.Column),
                Places(p => p.Row),
                network.CompositeFeatures(Stack(batch, s => s.Composite, 3, request.Size))
            );
            loss = loss.SafeAdd(mimicking.SafeMultiply(mimicWeight));
        }

        loss.backward();
        var value = loss.item<float>();
        if (!float.IsFinite(value))
            throw new FreeMaskException(
                $"The training of the placement model diverged at step {step + 1}. Lower the learning rate ({request.LearningRate})."
            );
        optimizer.ClipGradients(GradientClip);
        optimizer.Step(rate);
        return value;
    }

    private static PlacementSample[] Draw(
        IPlacementSamples samples,
        PlacementTrainingRequest request,
        long first,
        int count,
        string purpose
    )
    {
        var drawn = new PlacementSample[count];
        Parallel.For(0, count, i => drawn[i] = samples.Draw(request.Seed, first + i, purpose));
        return drawn;
    }

    private static Tensor Stack(PlacementSample[] batch, Func<PlacementSample, float[]> of, int channels, int side) =>
        tensor(batch.SelectMany(of).ToArray(), [batch.Length, channels, side, side]);

    private static Tensor Target(PlacementSample[] batch, int side)
    {
        var target = new long[batch.Length * side * side];
        Array.Fill(target, PlacementLoss.Unlabeled);
        for (var i = 0; i < batch.Length; i++)
            foreach (var place in batch[i].Places)
                target[(((i * side) + place.Row) * side) + place.Column] = place.IsPlausible ? 1 : 0;
        return tensor(target, [batch.Length, side, side]);
    }

    private static PlacementMeasure Measure(PlacementTrainingRequest request, PlacementNetwork network, IPlacementSamples heldOut)
    {
        var (plausible, others) = (new List<double>(), new List<double>());
        for (var first = 0; first < request.ValidationSamples; first += request.BatchSize)
        {
            using var scope = NewDisposeScope();
            using var frozen = no_grad();
            var batch = Draw(heldOut, request, first, Math.Min(request.BatchSize, request.ValidationSamples - first), Validation);
            var (logits, _) = network.forward(
                Stack(batch, s => s.Background, 3, request.Size),
                Stack(batch, s => s.Foreground, 3, request.Size),
                Stack(batch, s => s.Mask, 1, request.Size)
            );
            var values = logits.contiguous().data<float>().ToArray();
            var area = request.Size * request.Size;
            for (var i = 0; i < batch.Length; i++)
                foreach (var place in batch[i].Places)
                {
                    var at = (2 * i * area) + (place.Row * request.Size) + place.Column;
                    (place.IsPlausible ? plausible : others).Add(values[at + area] - values[at]);
                }
        }

        return new(request.ValidationSamples, RocAuc.Of(plausible, others));
    }

    private static string Fingerprint(PlacementTrainingRequest request, IReadOnlyList<string> identity, SafetensorsFile? start)
    {
        var weights = start is null ? None : Convert.ToHexStringLower(SHA256.HashData(start.ToBytes()));
        return TrainingLoop.Hash(identity.Prepend(weights).Prepend((request with { CheckpointEvery = 1 }).ToString()));
    }
}
