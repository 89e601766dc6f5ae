namespace FreeMask.Diffusion.Schedulers;

/// <summary>
/// A sampler's pass over its timesteps: what each step computes, as weights. It holds no latents; steps are made in order, from the first
/// to the last. All arithmetic is element-wise, so an image's result does not depend on its neighbors in the batch.
/// </summary>
public interface IScheduler
{
    /// <summary>The timesteps at which the model is called, descending; fractional for some samplers.</summary>
    IReadOnlyList<float> Timesteps { get; }

    /// <summary>Noise levels, one more than steps, for samplers that work with sigmas; otherwise empty.</summary>
    IReadOnlyList<float> Sigmas { get; }

    /// <summary>What standard normal noise is multiplied with to start.</summary>
    float InitNoiseSigma { get; }

    /// <summary>The step at that index of <see cref="Timesteps"/>.</summary>
    SchedulerStep StepAt(int step);
}
