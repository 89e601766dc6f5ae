using FreeMask.Diffusion.Schedulers;
using FreeMask.Tensors;

namespace FreeMask.Diffusion.Pipelines;

/// <summary>Latents in this process's memory.</summary>
internal sealed class CpuSampler(UNetRun unet, IScheduler scheduler, FloatTensor latents) : ISampler
{
    private readonly CpuSteps _steps = new();

    public FloatTensor Latents { get; } = latents;

    public void Step(int step, float[] noise, bool captures)
    {
        var at = scheduler.StepAt(step);
        var input = FloatTensor.Zeros([.. Latents.Shape]);
        CpuSteps.ScaleInput(at, Latents.Values, input.Values);
        var predicted = unet.Predict(input, scheduler.Timesteps[step], captures);
        _steps.Make(at, predicted.Values, Latents.Values, noise);
    }

    public void Dispose()
    {
    }
}
