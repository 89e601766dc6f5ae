using FreeMask.Training.Torch;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Harmonization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FreeMask.Training.Harmonization;

/// <summary>
/// Trains a harmonizer (<see cref="HarmonizerNetwork"/>) on objects of images that are recolored in known ways. Some images are held out:
/// they set how sure the model must be to change an object. The same request and images give the same weights on one kind of processor
/// with one number of threads, interrupted or not.
/// </summary>
internal static class HarmonizerTrainer
{
    private const string Training = "harmonizer-pair", Validation = "harmonizer-validation";

    private const int MostFactorOfNoise = 4;

    private const double VarianceWeight = 0.1, GradientClip = 1;

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
        HarmonizerTrainingRequest request,
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
        HarmonizerCheckpoint.Require(StatisticsForm.Word, store);
        var (learned, heldOut, images) = HarmonizerSamples.Read(request, sets, HarmonizerSample.Views, cancellation);
        using var scope = NewDisposeScope();
        using var network = new HarmonizerNetwork(request.Seed);
        using var optimizer = new FlatAdamW(
            network.named_parameters().Select(p => new TrainedParameter(
                p.name,
                (Parameter)p.parameter,
                1,
                p.name.EndsWith("bias", StringComparison.Ordinal) ? 0 : request.WeightDecay
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
        var (caution, measure) = SetGate(request, network, heldOut);
        var config = new HarmonizerConfig
        {
            Caution = caution,
            Images = images,
            Steps = request.Steps,
            Seed = request.Seed,
        };
        return (config.Save(folder, network.ToOnnx()), measure);
    }

    private static double Step(
        HarmonizerTrainingRequest request,
        HarmonizerNetwork network,
        FlatAdamW optimizer,
        HarmonizerSamples samples,
        int step,
        double rate
    )
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGradients();
        var (planes, changes) = Batch(samples, request.Seed, (long)step * request.BatchSize, request.BatchSize, Training);
        var output = network.forward(planes);
        var (predicted, variance) = (output.narrow(1, 0, 6), output.narrow(1, 6, 6).clamp(PinnedScalar.Of(-8), PinnedScalar.Of(4)));
        var error = predicted.sub(changes).SafeSquare();
        // The variance follows the error and leaves the prediction alone: it would weigh hard objects less.
        var likelihood = error.detach().mul(variance.neg().exp()).SafeAdd(variance).mean();
        var loss = error.mul(tensor(ErrorWeights)).sum(1).mean().SafeAdd(likelihood.SafeMultiply(VarianceWeight));
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

    // What an error of one unit costs in squared levels, relative to lightness; a deviation of L, a, b is about 15, 5 and 7.
    private static readonly float[] ErrorWeights = MakeWeights();

    private static float[] MakeWeights()
    {
        double[] deviations = [15, 5, 7];
        var weights = new float[6];
        for (var c = 0; c < 3; c++)
        {
            weights[c] = (float)(Math.Pow(StatisticsForm.Units[c], 2) * StatisticsForm.LevelsPerUnit[c]);
            weights[3 + c] = (float)(Math.Pow(StatisticsForm.Units[3 + c] * deviations[c], 2) * StatisticsForm.LevelsPerUnit[c]);
        }

        return Array.ConvertAll(weights, w => w / weights[0]);
    }

    private static (Tensor Planes, Tensor Changes) Batch(HarmonizerSamples samples, ulong seed, long first, int count, string purpose)
    {
        var drawn = new HarmonizerSample[count];
        Parallel.For(0, count, i => drawn[i] = HarmonizerSample.Of(samples.Draw(seed, first + i, purpose)));
        var planes = new float[count * HarmonizerFeatures.Length];
        var changes = new float[count * 6];
        for (var i = 0; i < count; i++)
        {
            drawn[i].Planes.CopyTo(planes, i * HarmonizerFeatures.Length);
            drawn[i].Change.CopyTo(changes, i * 6);
        }

        return (
            tensor(planes, [count, HarmonizerFeatures.Planes, HarmonizerFeatures.Side, HarmonizerFeatures.Side]),
            tensor(changes, [count, 6])
        );
    }

    /// <summary>The least caution with which few enough held-out pairs become worse.</summary>
    private static (double Caution, HarmonizerMeasure Measure) SetGate(
        HarmonizerTrainingRequest request,
        HarmonizerNetwork network,
        HarmonizerSamples heldOut
    )
    {
        const int BatchSize = 128;
        var pairs = new List<(float[] Truth, float[] Output)>();
        for (var first = 0; first < request.ValidationPairs; first += BatchSize)
        {
            using var scope = NewDisposeScope();
            using var frozen = no_grad();
            var (planes, changes) = Batch(heldOut, request.Seed, first, Math.Min(BatchSize, request.ValidationPairs - first), Validation);
            var outputs = network.forward(planes).contiguous().data<float>().ToArray().Chunk(StatisticsForm.Numbers);
            pairs.AddRange(changes.data<float>().ToArray().Chunk(6).Zip(outputs));
        }

        for (var caution = 0.0; ; caution += 0.05)
        {
            var gated = Measure(pairs, caution);
            if (gated.Worse <= request.MostWorse || caution >= MostFactorOfNoise)
                return (Math.Round(caution, 2), gated);
        }
    }

    private static HarmonizerMeasure Measure(List<(float[] Truth, float[] Output)> pairs, double caution)
    {
        double before = 0, after = 0, full = 0;
        var worse = 0;
        foreach (var (truth, output) in pairs)
        {
            var gate = StatisticsForm.Gate(output, caution);
            double Error(double share) => Enumerable.Range(0, 6).Sum(c => ErrorWeights[c] * Math.Pow(truth[c] - (share * output[c]), 2));
            var (own, moved) = (Error(0), Error(gate));
            before += own;
            after += moved;
            full += Error(1);
            if (moved > own) worse++;
        }

        return new(pairs.Count, full / before, after / before, (double)worse / pairs.Count);
    }
}
