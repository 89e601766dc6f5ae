using FreeMask.Imaging;
using FreeMask.Training.Torch;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Harmonization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FreeMask.Training.Harmonization;

/// <summary>
/// Trains a RainNet (<see cref="RainNetNetwork"/>) on whole images with one object that is recolored in a known way. Some images are held
/// out to measure it. The same request and images give the same weights on one kind of processor with one number of threads, interrupted
/// or not.
/// </summary>
/// <remarks>
/// The loss is RainNet's own reconstruction loss, the mean absolute difference of levels, over the object alone and divided by its area:
/// outside of it, the result is the composite and has no error, and a mean over the image would make a small object count less than a
/// large one. RainNet's adversarial losses are left out; they ask for a second network and change what a person sees more than the error.
/// </remarks>
internal static class RainNetTrainer
{
    private const string Training = "rainnet-pair", Validation = "rainnet-validation";

    private const double GradientClip = 1;

    /// <summary>Trains and writes a model. Blocks the calling thread; give it one of its own.</summary>
    /// <param name="request">How.</param>
    /// <param name="sets">Images with masks, in an order that never changes.</param>
    /// <param name="folder">Where the model is written.</param>
    /// <param name="store">Where checkpoints are kept; if it has one of this training, the training goes on from there.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops between two steps, after a checkpoint.</param>
    /// <param name="time">Measures the seconds.</param>
    /// <exception cref="FreeMaskException">There is nothing to learn from, or the training diverged.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static (HarmonizerConfig Config, HarmonizerMeasure Measure) Train(
        RainNetTrainingRequest request,
        IReadOnlyList<ObjectImages> sets,
        string folder,
        ITrainingCheckpointStore? store = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellation = default,
        TimeProvider? time = null
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(sets);
        LibTorch.Require();
        HarmonizerCheckpoint.Require(RainNetForm.Word, store);
        var side = 1 << request.Levels;
        var (learned, heldOut, images) = HarmonizerSamples.Read(request, sets, (image, share) => [Whole(image, share, side)], cancellation);
        using var scope = NewDisposeScope();
        using var network = new RainNetNetwork(request.Width, request.Levels, request.Seed);
        using var optimizer = new FlatAdamW(
            network.named_parameters().Select(p => new TrainedParameter(
                p.name,
                (Parameter)p.parameter,
                1,
                p.parameter.dim() == 4 ? request.WeightDecay : 0
            ))
        );
        var loop = new TrainingLoop(network, optimizer, store)
        {
            Fingerprint = HarmonizerCheckpoint.Fingerprint(request, learned),
            Inputs = "images",
            Steps = request.Steps,
            CheckpointEvery = request.CheckpointEvery,
            Rate = step => request.LearningRate * (1 - ((double)step / request.Steps)),
            Step = (step, rate) => Step(request, network, optimizer, learned, step, rate),
        };
        loop.Run(progress, time, cancellation);
        var measure = Measure(request, network, heldOut, cancellation);
        var config = new HarmonizerConfig
        {
            Form = RainNetForm.Word,
            Caution = null,
            Images = images,
            Steps = request.Steps,
            Seed = request.Seed,
        };
        return (config.Save(folder, RainNetGraph.Write(ModuleState.ToFile(network))), measure);
    }

    /// <summary>An image as <see cref="RainNetForm"/> shows it to a model.</summary>
    private static (RgbImage Image, FloatMap Share) Whole(RgbImage image, FloatMap share, int side) =>
        (Resampling.Resize(image, side, side, ResamplingFilter.AntialiasBicubic), PublicForms.Binary(share, side, side));

    private static double Step(
        RainNetTrainingRequest request,
        RainNetNetwork network,
        FlatAdamW optimizer,
        HarmonizerSamples samples,
        int step,
        double rate
    )
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGradients();
        var (composite, truth, mask) = Batch(request, samples, (long)step * request.BatchSize, request.BatchSize, Training);
        var error = network.forward((composite, mask)).sub(truth).abs().mul(mask);
        var loss = error.sum([1, 2, 3]).div(mask.sum([1, 2, 3])).mean().SafeMultiply(1 / 3.0);
        loss.backward();
        var value = loss.item<float>();
        if (!float.IsFinite(value))
            throw new FreeMaskException(
                $"The training of the harmonizer diverged at step {step + 1}. Lower the learning rate ({request.LearningRate})."
            );
        optimizer.ClipGradients(GradientClip);
        optimizer.Step(rate);
        return value;
    }

    private static (Tensor Composite, Tensor Truth, Tensor Mask) Batch(
        RainNetTrainingRequest request,
        HarmonizerSamples samples,
        long first,
        int count,
        string purpose
    )
    {
        var side = 1 << request.Levels;
        var area = side * side;
        var (composite, truth, mask) = (new float[3 * area * count], new float[3 * area * count], new float[area * count]);
        Parallel.For(0, count, i =>
        {
            var pair = samples.Draw(request.Seed, first + i, purpose);
            PublicForms.Fill(pair.Composite, composite.AsSpan(3 * area * i, 3 * area), 2, -1);
            PublicForms.Fill(pair.Truth, truth.AsSpan(3 * area * i, 3 * area), 2, -1);
            pair.Share.Values.CopyTo(mask, area * i);
        });
        return (
            tensor(composite, [count, 3, side, side]),
            tensor(truth, [count, 3, side, side]),
            tensor(mask, [count, 1, side, side])
        );
    }

    private static HarmonizerMeasure Measure(
        RainNetTrainingRequest request,
        RainNetNetwork network,
        HarmonizerSamples heldOut,
        CancellationToken cancellation
    )
    {
        var (before, after) = (new List<float>(), new List<float>());
        for (var first = 0; first < request.ValidationPairs; first += request.BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var frozen = no_grad();
            var count = Math.Min(request.BatchSize, request.ValidationPairs - first);
            var (composite, truth, mask) = Batch(request, heldOut, first, count, Validation);
            before.AddRange(Errors(composite, truth, mask));
            after.AddRange(Errors(network.forward((composite, mask)), truth, mask));
        }

        var ratio = after.Sum() / before.Sum();
        return new(before.Count, ratio, ratio, before.Zip(after).Average(pair => pair.Second > pair.First ? 1 : 0));
    }

    /// <summary>The mean squared error of each object.</summary>
    private static float[] Errors(Tensor image, Tensor truth, Tensor mask) =>
        [.. image.sub(truth).SafeSquare().mul(mask).sum([1, 2, 3]).div(mask.sum([1, 2, 3])).contiguous().data<float>()];
}
