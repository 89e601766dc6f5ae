using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Timing;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Torch;
using FreeMask.Vision;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Stages;

/// <summary>
/// Pre-trains the segmenter's backbone on image classification of rendered scenes: the label of an image is the class of its one object, no
/// mask is used. Augmented by mirroring, cropping and blurring, so that it also scores the samples of a small diffusion model.
/// </summary>
internal sealed class BackboneStage(StageContext context)
{
    private const int Batch = 32, HeldOutScenes = 200, SmallestCrop = 88;
    private const double BlurShare = 0.3, LabelSmoothing = 0.05;

    private static readonly LearningRateSchedule Rate = new(Peak: 3e-3, WarmUp: 50, Plateau: 0.1);

    private string CheckpointFile => context.WorkFile("backbone.safetensors");

    /// <summary>Trains up to the configured step, or only loads what is finished.</summary>
    internal ResNetClassifier Run(CancellationToken cancellation)
    {
        var options = context.Options;
        var classifier = new ResNetClassifier(ResNetConfig.Mini, [.. VocClasses.Names.Skip(1)], options.Seed);
        using var master = new MasterWeights(classifier, TrainingPrecision.Single, channelsLast: true, weightDecay: 0.02, averaging: 0.99);
        if (File.Exists(CheckpointFile)) master.Load(CheckpointFile);
        context.Log($"backbone: {master.Count:N0} parameters, step {master.Step} of {options.BackboneSteps}");
        var meter = new RateMeter(TimeProvider.System);
        var smoothed = double.NaN;
        classifier.train();
        while (master.Step < options.BackboneSteps)
        {
            if (cancellation.IsCancellationRequested) master.Save(CheckpointFile);
            cancellation.ThrowIfCancellationRequested();
            var loss = Step(classifier, master);
            meter.Note(master.Step);
            smoothed = double.IsNaN(smoothed) ? loss : (0.95 * smoothed) + (0.05 * loss);
            if (master.Step % options.LogEvery == 0)
                context.Log($"backbone: step {master.Step} loss {smoothed:F3} {meter.PerSecond * Batch:F1} scenes/s");
            if (master.Step % options.CheckpointEvery == 0 || master.Step == options.BackboneSteps) master.Save(CheckpointFile);
        }

        classifier.eval();
        context.Log($"backbone: held-out accuracy {HeldOutAccuracy(context, classifier):F3}");
        return classifier;
    }

    private double Step(ResNetClassifier classifier, MasterWeights master)
    {
        using var scope = NewDisposeScope();
        var random = new CounterRandom(context.Options.Seed, master.Step, 0, "backbone-batch");
        var (images, labels) = (new RgbImage[Batch], new long[Batch]);
        Parallel.For(0, Batch, i =>
        {
            // Other scenes than the autoencoder's and the latents': those start at 0.
            var scene = context.Training.Single(10_000_000 + ((long)master.Step * Batch) + i);
            (images[i], labels[i]) = (scene.Image, scene.Objects[0] - 1);
        });
        var pictures = Augment(ClassifierInput.FromImages(images), random);
        var loss = nn.functional.cross_entropy(
            classifier.forward(pictures.ChannelsLast()),
            tensor(labels),
            label_smoothing: LabelSmoothing
        );
        loss.backward();
        master.Apply(Rate.At(master.Step, context.Options.BackboneSteps));
        return loss.item<float>();
    }

    private static Tensor Augment(Tensor batch, CounterRandom random)
    {
        var side = batch.shape[2];
        var rows = new Tensor[batch.shape[0]];
        for (var i = 0; i < rows.Length; i++)
        {
            var picture = batch.narrow(0, i, 1);
            if (random.NextInt(2) == 1) picture = picture.flip(3);
            if (random.NextDouble() < BlurShare)
            {
                var factor = 2 + (2 * random.NextInt(2));
                picture = Resize(nn.functional.avg_pool2d(picture, [factor, factor]), side);
            }

            var crop = SmallestCrop + random.NextInt((int)side - SmallestCrop + 1);
            var (left, top) = (random.NextInt((int)side - crop + 1), random.NextInt((int)side - crop + 1));
            rows[i] = Resize(picture.narrow(2, top, crop).narrow(3, left, crop), side);
        }

        return cat(rows);
    }

    private static Tensor Resize(Tensor picture, long side) =>
        nn.functional.interpolate(picture, [side, side], mode: InterpolationMode.Bilinear, align_corners: false);

    /// <summary>Share of 200 held-out scenes whose class is recognized.</summary>
    internal static double HeldOutAccuracy(StageContext context, ResNetClassifier classifier)
    {
        var right = 0;
        for (var first = 0; first < HeldOutScenes; first += 20)
        {
            var images = new RgbImage[20];
            Parallel.For(0, images.Length, i => images[i] = context.HeldOut.Single(first + i, 1 + i).Image);
            right += ClassifierInput.Predict(classifier, images).Where((label, i) => label == i + 1).Count();
        }

        return right / (double)HeldOutScenes;
    }
}
