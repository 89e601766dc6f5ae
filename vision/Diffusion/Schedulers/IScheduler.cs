namespace FreeMask.Vision.Diffusion.Schedulers;

/// <summary>
/// One pass of a sampler over its timesteps. An instance holds the history of one batch and is used once, from step 0 to the last.
/// All arithmetic is element-wise, so an image's result does not depend on its neighbours in the batch.
/// </summary>
public interface IScheduler
{
    /// <summary>The timesteps at which the model is called, descending; fractional for some samplers.</summary>
    IReadOnlyList<float> Timesteps { get; }

    /// <summary>Noise levels, one more than steps, for samplers that work with sigmas; otherwise empty.</summary>
    IReadOnlyList<float> Sigmas { get; }

    /// <summary>What standard normal noise is multiplied with to start.</summary>
    float InitNoiseSigma { get; }

    /// <summary>Whether <see cref="Step"/> adds fresh noise at this step.</summary>
    bool NeedsNoise(int step);

    /// <summary>Writes the model's input for the latent of this step.</summary>
    void ScaleInput(int step, ReadOnlySpan<float> latent, Span<float> input);

    /// <summary>Replaces the latent by that of the next step.</summary>
    /// <param name="step">Index into <see cref="Timesteps"/>; steps must be made in order.</param>
    /// <param name="output">What the model predicted, after guidance.</param>
    /// <param name="latent">The latent, changed in place.</param>
    /// <param name="noise">Standard normal noise where <see cref="NeedsNoise"/>, otherwise empty.</param>
    void Step(int step, ReadOnlySpan<float> output, Span<float> latent, ReadOnlySpan<float> noise);
}
