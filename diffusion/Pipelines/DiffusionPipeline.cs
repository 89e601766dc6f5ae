using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Tensors;

namespace FreeMask.Diffusion.Pipelines;

/// <summary>
/// Draws images and captures attention. Every image has its own counter-based noise, so what it looks like does not depend on batches: a
/// batch is only a matter of speed.
/// </summary>
public sealed class DiffusionPipeline(DiffusionBundle bundle)
{
    private const int SelfAttentionSide = 32;
    private const string LatentPurpose = "latent", StepPurpose = "step-noise", RenoisePurpose = "renoise";

    /// <summary>The model.</summary>
    public DiffusionBundle Bundle { get; } = bundle;

    /// <summary>Draws images, grouped into U-Net batches of <see cref="DiffusionOptions.BatchSize"/>.</summary>
    /// <param name="requests">The images wanted; they may differ in everything.</param>
    /// <param name="capture">Which attention is recorded.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>One result a request, in order.</returns>
    /// <exception cref="FreeMaskException">
    /// A request is impossible: a class is not in its prompt (or was cut off with its end), a size is no multiple of what the U-Net needs,
    /// a timestep does not fit the export. Or a model gives NaN; the message names it.
    /// </exception>
    public IReadOnlyList<GenerationResult> Generate(
        IReadOnlyList<GenerationRequest> requests, CaptureOptions? capture = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        var options = capture ?? new();
        var jobs = requests.Select((r, i) => GenerationJob.Make(Bundle, r, i)).ToArray();
        var results = new GenerationResult[requests.Count];
        foreach (var group in jobs.GroupBy(j => j.Shape))
            foreach (var chunk in group.Chunk(Bundle.Options.BatchSize))
                foreach (var (job, result) in chunk.Zip(Draw(Fill(chunk), options, cancellation))) results[job.Position] = result;
        return results;
    }

    /// <summary>
    /// Captures the attention of an existing image: it is encoded, noised to a training timestep, and shown to the U-Net once with the
    /// prompt.
    /// </summary>
    /// <param name="image">The image; its sides must be multiples of <see cref="DiffusionBundle.SideMultiple"/>.</param>
    /// <param name="prompt">A description that contains the classes.</param>
    /// <param name="classes">Words or phrases of the prompt.</param>
    /// <param name="timestep">The training timestep, such as 100.</param>
    /// <param name="noise">Where the noise comes from.</param>
    public AttentionRecord CaptureFromImage(RgbImage image, string prompt, IReadOnlyList<string> classes, int timestep, NoiseKey noise)
    {
        ArgumentNullException.ThrowIfNull(image);
        var request = new GenerationRequest
        {
            Prompt = prompt,
            Classes = classes,
            Noise = noise,
            Width = image.Width,
            Height = image.Height,
            Guidance = 1,
        };
        var job = GenerationJob.Make(Bundle, request, 0);
        var latent = Bundle.Vae.Encode(image, Bundle.LatentChannels);
        var batch = Fill([job]);
        var latents = FloatTensor.Zeros(batch.Count, latent.Shape[1], latent.Shape[2], latent.Shape[3]);
        for (var i = 0; i < batch.Count; i++) latent.Values.CopyTo(latents.Row(i));
        return Renoise(batch, latents, timestep, selfAttention: true)[0];
    }

    /// <summary>Repeats images until the batch has its fixed shape.</summary>
    private IReadOnlyList<GenerationJob> Fill(GenerationJob[] jobs) =>
        [.. Enumerable.Range(0, Bundle.Options.BatchSize).Select(i => jobs[i % jobs.Length])];

    private IEnumerable<GenerationResult> Draw(IReadOnlyList<GenerationJob> jobs, CaptureOptions options, CancellationToken cancellation)
    {
        var shape = jobs[0].Shape;
        var scheduler = shape.Scheduler.Create(shape.Steps);
        RequireTimesteps(scheduler);
        var whileSampling = options.RenoiseTimestep is null;
        var run = new UNetRun(Bundle, jobs, shape.Guided, SelfFactors(shape, options.SelfAttention && whileSampling));
        using var sampler = Sampler(run, scheduler, StartNoise(jobs, scheduler.InitNoiseSigma));
        var stepNoise = jobs.Select(j => j.Request.Noise.Open(StepPurpose)).ToArray();
        var (steps, size) = (scheduler.Timesteps.Count, jobs.Count * Bundle.LatentChannels * shape.LatentHeight * shape.LatentWidth);
        var (first, end) = ((int)Math.Floor(options.WindowStart * steps), (int)Math.Ceiling(options.WindowEnd * steps));
        for (var step = 0; step < steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            var noise = scheduler.StepAt(step).NeedsNoise ? Gaussian(stepNoise, size) : [];
            sampler.Step(step, noise, captures: whileSampling && step >= first && step < end);
        }

        var latents = sampler.Latents;
        var records = whileSampling ? run.Records() : Renoise(jobs, latents, options.RenoiseTimestep!.Value, options.SelfAttention);
        return jobs.Distinct().Select((job, i) => Finish(job, latents.Row(i), records[i]));
    }

    private ISampler Sampler(UNetRun run, IScheduler scheduler, FloatTensor latents) =>
        Bundle.UsesIoBinding ? new IoBindingSampler(run, Bundle.Steps, scheduler, latents) : new CpuSampler(run, scheduler, latents);

    private GenerationResult Finish(GenerationJob job, ReadOnlySpan<float> latent, AttentionRecord record)
    {
        FiniteValues.Require(latent, Bundle.UNet.Path, "latents");
        var image = Bundle.Vae.Decode(latent, Bundle.LatentChannels, job.Shape.LatentHeight, job.Shape.LatentWidth);
        return new(image, record, latent.ToArray(), job.Warnings);
    }

    /// <summary>x_t = sqrt(a_t) x0 + sqrt(1 - a_t) noise (Ho et al. 2020), one U-Net call without guidance.</summary>
    private IReadOnlyList<AttentionRecord> Renoise(IReadOnlyList<GenerationJob> jobs, FloatTensor latents, int timestep, bool selfAttention)
    {
        var shape = jobs[0].Shape;
        if (timestep < 0 || timestep >= Bundle.Schedulers.Noise.TrainTimesteps)
            throw new FreeMaskException($"Timestep {timestep} lies outside of 0..{Bundle.Schedulers.Noise.TrainTimesteps - 1}.");
        var alpha = new NoiseSchedule(Bundle.Schedulers.Noise)[timestep];
        var (keep, add) = ((float)Math.Sqrt(alpha), (float)Math.Sqrt(1 - alpha));
        var noised = FloatTensor.Zeros([.. latents.Shape]);
        var noise = Gaussian([.. jobs.Select(j => j.Request.Noise.Open(RenoisePurpose))], noised.Values.Length);
        for (var i = 0; i < noise.Length; i++) noised.Values[i] = (keep * latents.Values[i]) + (add * noise[i]);
        var run = new UNetRun(Bundle, jobs, guided: false, SelfFactors(shape, selfAttention));
        run.Predict(noised, timestep, captures: true);
        return run.Records();
    }

    private IReadOnlyList<int> SelfFactors(BatchShape shape, bool wanted) =>
        wanted ? Bundle.UNet.SelfFactors(shape.LatentWidth, shape.LatentHeight, SelfAttentionSide) : [];

    private FloatTensor StartNoise(IReadOnlyList<GenerationJob> jobs, float sigma)
    {
        var shape = jobs[0].Shape;
        var latents = FloatTensor.Zeros(jobs.Count, Bundle.LatentChannels, shape.LatentHeight, shape.LatentWidth);
        Gaussian([.. jobs.Select(j => j.Request.Noise.Open(LatentPurpose))], latents.Values.Length).CopyTo(latents.Values.AsSpan());
        foreach (ref var value in latents.Values.AsSpan()) value *= sigma;
        return latents;
    }

    /// <summary>Standard normal numbers, an equal share from every stream.</summary>
    private static float[] Gaussian(Randomness.CounterRandom[] streams, int count)
    {
        var result = new float[count];
        var share = count / streams.Length;
        for (var i = 0; i < streams.Length; i++) streams[i].FillGaussian(result.AsSpan(i * share, share));
        return result;
    }

    private void RequireTimesteps(IScheduler scheduler)
    {
        if (!Bundle.UNet.IntegerTimestep || scheduler.Timesteps.All(t => t == MathF.Truncate(t))) return;
        throw new FreeMaskException(
            $"{Bundle.UNet.Path} takes integer timesteps, but the schedule has fractional ones; choose the leading or trailing timestep "
                + "spacing, without Karras sigmas for Euler."
        );
    }
}
