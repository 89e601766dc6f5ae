using FreeMask.Randomness;
using FreeMask.Timing;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Training.Mini.Text;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Stages;

/// <summary>
/// Trains text encoder and U-Net on latents and captions by v-prediction. Plain training: the loss is the squared error of v, nothing else;
/// no mask and no attention map enters it. Timesteps are drawn as 1000 sigmoid(0.15 + 1.2 N(0,1)), which dwells where shapes are decided.
/// Always in 32 bits: at these small sizes bfloat16 gains nothing in convolutions, and its attention backward is four times slower.
/// </summary>
internal sealed class DiffusionStage(StageContext context, MiniVocabulary vocabulary)
{
    private const double CaptionDropout = 0.1, TimestepShift = 0.15, TimestepSpread = 1.2;

    private static readonly LearningRateSchedule Rate = new(Peak: 8e-4, WarmUp: 200, Plateau: 0.15);

    private string CheckpointFile => context.WorkFile("diffusion.safetensors");

    /// <summary>Makes the networks of the configured widths.</summary>
    internal DiffusionNetwork Create()
    {
        context.SeedInitialWeights(2);
        return new DiffusionNetwork(vocabulary, context.Options.DiffusionWidths.Fine, context.Options.DiffusionWidths.Coarse);
    }

    /// <summary>Trains up to the configured step; returns the averaged weights in 32 bits.</summary>
    /// <param name="latents">What it learns.</param>
    /// <param name="inspect">Called with the averaged weights at every checkpoint.</param>
    /// <param name="cancellation">Stops after the current step, with a checkpoint.</param>
    internal DiffusionNetwork Run(LatentStore latents, Action<DiffusionNetwork, int>? inspect, CancellationToken cancellation)
    {
        var options = context.Options;
        var network = Create();
        using var master = new MasterWeights(network, TrainingPrecision.Single, channelsLast: false, weightDecay: 0.01, averaging: 0.999);
        if (File.Exists(CheckpointFile)) master.Load(CheckpointFile);
        context.Log($"diffusion: {master.Count:N0} parameters, step {master.Step} of {options.DiffusionSteps}");
        var averaged = Create();
        averaged.eval();
        var meter = new RateMeter(TimeProvider.System);
        var smoothed = double.NaN;
        while (master.Step < options.DiffusionSteps)
        {
            if (cancellation.IsCancellationRequested) master.Save(CheckpointFile);
            cancellation.ThrowIfCancellationRequested();
            var loss = Step(network, master, latents);
            meter.Note(master.Step);
            smoothed = double.IsNaN(smoothed) ? loss : (0.99 * smoothed) + (0.01 * loss);
            if (master.Step % options.LogEvery == 0)
                context.Log(
                    $"diffusion: step {master.Step} loss {smoothed:F4} {meter.PerSecond * options.DiffusionBatch:F1} "
                        + "latents/s"
                );
            if (master.Step % options.CheckpointEvery != 0 && master.Step != options.DiffusionSteps) continue;
            master.Save(CheckpointFile);
            master.CopyAverageTo(averaged);
            inspect?.Invoke(averaged, master.Step);
        }

        master.CopyAverageTo(averaged);
        return averaged;
    }

    private double Step(DiffusionNetwork network, MasterWeights master, LatentStore latents)
    {
        using var scope = NewDisposeScope();
        var batch = DrawBatch(latents, master.Step);
        var size = context.Options.DiffusionBatch;
        long[] shape = [size, LatentStore.Channels, LatentStore.Side, LatentStore.Side];
        var (noisy, velocity) = DiffusionProcess.AddNoise(tensor(batch.Latents, shape), tensor(batch.Noise, shape), batch.Timesteps);
        var text = network.Text.Forward(tensor(batch.Tokens, [size, MiniVocabulary.Length]));
        var predicted = network.UNet.Forward(noisy, tensor(batch.Timesteps), text);
        var loss = (predicted - velocity).SafeSquare().mean();
        loss.backward();
        master.Apply(Rate.At(master.Step, context.Options.DiffusionSteps));
        return loss.item<float>();
    }

    /// <summary>Everything random of a step, from the step's own stream.</summary>
    private (float[] Latents, float[] Noise, long[] Tokens, int[] Timesteps) DrawBatch(LatentStore latents, int step)
    {
        var size = context.Options.DiffusionBatch;
        var random = new CounterRandom(context.Options.Seed, step, 0, "diffusion-batch");
        var (values, noise, tokens, timesteps) =
            (new float[size * LatentStore.Size], new float[size * LatentStore.Size], new long[size * MiniVocabulary.Length], new int[size]);
        for (var i = 0; i < size; i++)
        {
            var scene = random.NextInt(latents.Count);
            latents[scene].CopyTo(values.AsSpan(i * LatentStore.Size));
            var caption =
                random.NextDouble() < CaptionDropout ? "" : Captions.Draw(latents.Classes[scene], (SceneKind)latents.Kinds[scene], random);
            vocabulary.Encode(caption).CopyTo(tokens, i * MiniVocabulary.Length);
            var position = 1 / (1 + Math.Exp(-TimestepShift - (TimestepSpread * random.NextGaussian())));
            timesteps[i] = Math.Min(DiffusionProcess.Schedule.Count - 1, (int)(position * DiffusionProcess.Schedule.Count));
        }

        random.FillGaussian(noise);
        return (values, noise, tokens, timesteps);
    }
}
