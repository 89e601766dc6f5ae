using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Onnx;
using FreeMask.Tensors;

namespace FreeMask.Diffusion.Pipelines;

/// <summary>
/// Latents in the memory of the U-Net's device, from the first step to the last: text and other conditioning go up once, noise where a step
/// needs it; captured attention and the last latents come back.
/// </summary>
internal sealed class IoBindingSampler : ISampler
{
    private readonly UNetRun _unet;
    private readonly IScheduler _scheduler;
    private readonly OnnxIoBinding _calls;
    private readonly IoBindingSteps _steps;
    private bool? _captures;

    internal IoBindingSampler(UNetRun unet, SchedulerStepSessions sessions, IScheduler scheduler, FloatTensor latents)
    {
        _unet = unet;
        _scheduler = scheduler;
        var rescaled = unet.Guided && unet.Rescales.Any(r => r > 0);
        _calls = unet.Session.Bind();
        _steps = new(sessions.For(unet.Guided, rescaled), scheduler, latents);
        if (unet.Guided) _steps.Guide(unet.Scales, rescaled ? unet.Rescales : null);
        foreach (var (name, tensor) in unet.Conditioning) _calls.BindInput(name, tensor);
        var input = FloatTensor.Zeros([.. latents.Shape]);
        CpuSteps.ScaleInput(scheduler.StepAt(0), latents.Values, input.Values);
        _calls.BindInput(unet.LatentInput, unet.Rows(input));
    }

    public FloatTensor Latents => _steps.Latents;

    public void Step(int step, float[] noise, bool captures)
    {
        var (name, timestep) = _unet.Timestep(_scheduler.Timesteps[step]);
        _calls.BindInput(name, timestep);
        if (captures != _captures)
        {
            foreach (var (input, tensor) in _unet.Wanted(captures)) _calls.BindInput(input, tensor);
            _captures = captures;
        }

        var outputs = _calls.Run([(_unet.Prediction, true), .. captures ? _unet.Maps.Select(m => (m, false)) : []]);
        try
        {
            if (captures) _unet.Accumulate([.. outputs.Skip(1).Select(OnnxValues.ToTensor)]);
            using var next = _steps.Make(step, outputs[0], noise);
            if (next is not null) _calls.BindInput(_unet.LatentInput, next);
        }
        finally
        {
            foreach (var output in outputs) output.Dispose();
        }
    }

    public void Dispose()
    {
        _calls.Dispose();
        _steps.Dispose();
    }
}
