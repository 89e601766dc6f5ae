using FreeMask.Tensors;

namespace FreeMask.Diffusion.Pipelines;

/// <summary>The latents of one batch, and the steps that change them. Each instance is used once, from the first step to the
/// last.</summary>
internal interface ISampler : IDisposable
{
    /// <summary>The latents after the last step, [images, channels, height, width].</summary>
    FloatTensor Latents { get; }

    /// <summary>Calls the U-Net and makes the sampler's step.</summary>
    /// <param name="step">Index of the step; steps must be made in order.</param>
    /// <param name="noise">Standard normal noise where the step needs it, otherwise empty.</param>
    /// <param name="captures">Whether the call's attention is recorded.</param>
    void Step(int step, float[] noise, bool captures);
}
