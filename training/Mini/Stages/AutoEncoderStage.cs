using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Timing;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Stages;

/// <summary>
/// Trains the autoencoder on freshly rendered scenes: L1, L1 of the gradients, squared error and a small KL term to the standard normal.
/// </summary>
internal sealed class AutoEncoderStage(StageContext context)
{
    private const double GradientWeight = 0.4, SquareWeight = 2, KlWeight = 1e-4;
    private const int HeldOutScenes = 100;

    private static readonly LearningRateSchedule Rate = new(Peak: 2e-3, WarmUp: 100, Plateau: 0.1);

    private string CheckpointFile => context.WorkFile("autoencoder.safetensors");

    /// <summary>Makes a network of the configured widths.</summary>
    internal AutoEncoder Create()
    {
        context.SeedInitialWeights(1);
        var (fine, middle, coarse) = context.Options.AutoEncoderWidths;
        return new AutoEncoder(fine, middle, coarse);
    }

    /// <summary>Trains up to the configured step, or only loads what is finished; returns the averaged weights in 32 bits.</summary>
    internal AutoEncoder Run(CancellationToken cancellation)
    {
        var options = context.Options;
        var network = Create();
        using var master = new MasterWeights(network, options.Precision, channelsLast: true, weightDecay: 1e-4, averaging: 0.998);
        if (File.Exists(CheckpointFile)) master.Load(CheckpointFile);
        context.Log($"autoencoder: {master.Count:N0} parameters, step {master.Step} of {options.AutoEncoderSteps}");
        var meter = new RateMeter(TimeProvider.System);
        var averaged = Create();
        var smoothed = double.NaN;
        while (master.Step < options.AutoEncoderSteps)
        {
            if (cancellation.IsCancellationRequested) master.Save(CheckpointFile);
            cancellation.ThrowIfCancellationRequested();
            var loss = Step(network, master);
            meter.Note(master.Step);
            smoothed = double.IsNaN(smoothed) ? loss : (0.98 * smoothed) + (0.02 * loss);
            if (master.Step % options.LogEvery == 0)
                context.Log(
                    $"autoencoder: step {master.Step} l1 {smoothed:F4} {meter.PerSecond * options.AutoEncoderBatch:F1} "
                        + "scenes/s"
                );
            if (master.Step % options.CheckpointEvery != 0 && master.Step != options.AutoEncoderSteps) continue;
            master.Save(CheckpointFile);
            master.CopyAverageTo(averaged);
            context.Log($"autoencoder: step {master.Step} held-out PSNR {HeldOutPsnr(averaged):F2} dB");
        }

        master.CopyAverageTo(averaged);
        averaged.eval();
        return averaged;
    }

    private double Step(AutoEncoder network, MasterWeights master)
    {
        using var scope = NewDisposeScope();
        var batch = context.Options.AutoEncoderBatch;
        var images = new RgbImage[batch];
        var first = (long)master.Step * batch;
        Parallel.For(0, batch, i => images[i] = context.Training.Single(first + i).Image);
        var noise = new float[batch * AutoEncoder.LatentChannels * 16 * 16];
        new CounterRandom(context.Options.Seed, master.Step, 0, "autoencoder-noise").FillGaussian(noise);
        var type = network.parameters().First().dtype;
        var target = ImageTensors.FromImages(images).ChannelsLast().to(type);
        var posterior = network.Encoder.Forward(target);
        var mean = posterior.narrow(1, 0, AutoEncoder.LatentChannels);
        var logVariance = posterior
            .narrow(1, AutoEncoder.LatentChannels, AutoEncoder.LatentChannels)
            .clamp(PinnedScalar.Of(-12), PinnedScalar.Of(4));
        var latent = mean.SafeAdd(
            tensor(noise, [batch, AutoEncoder.LatentChannels, 16, 16]).to(type) * (logVariance * PinnedScalar.Of(0.5)).exp()
        );
        var error = (network.Decoder.Forward(latent) - target).to(ScalarType.Float32);
        var absolute = error.abs().mean();
        var gradients = error.diff(dim: 3).abs().mean().SafeAdd(error.diff(dim: 2).abs().mean());
        var (mean32, log32) = (mean.to(ScalarType.Float32), logVariance.to(ScalarType.Float32));
        var kl = (mean32.SafeSquare().SafeAdd(log32.exp()) - PinnedScalar.Of(1) - log32).mean() * PinnedScalar.Of(0.5);
        var loss = absolute
            .SafeAdd(gradients * PinnedScalar.Of(GradientWeight))
            .SafeAdd(error.SafeSquare().mean() * PinnedScalar.Of(SquareWeight))
            .SafeAdd(kl * PinnedScalar.Of(KlWeight));
        loss.backward();
        master.Apply(Rate.At(master.Step, context.Options.AutoEncoderSteps));
        return absolute.item<float>();
    }

    /// <summary>Mean PSNR in dB on 100 held-out scenes.</summary>
    internal double HeldOutPsnr(AutoEncoder network)
    {
        var images = new RgbImage[HeldOutScenes];
        Parallel.For(0, images.Length, i => images[i] = context.HeldOut.Single(i).Image);
        return Psnr(network, images);
    }

    /// <summary>Mean over images of 10 log10(1 / mean squared error), values in [0, 1], before rounding to 8 bits.</summary>
    internal static double Psnr(AutoEncoder network, IReadOnlyList<RgbImage> images)
    {
        using var _ = inference_mode();
        var sum = 0.0;
        foreach (var chunk in images.Chunk(10))
        {
            using var scope = NewDisposeScope();
            var x = ImageTensors.FromImages(chunk);
            var squared = ((network.Decode(network.Encode(x)).clamp(PinnedScalar.Of(-1), PinnedScalar.Of(1)) - x) / PinnedScalar.Of(2))
                .SafeSquare()
                .mean([1, 2, 3]);
            sum -= squared.log10().sum().item<float>() * 10;
        }

        return sum / images.Count;
    }
}
