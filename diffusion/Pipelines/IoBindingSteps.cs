using FreeMask.Diffusion.Schedulers;
using FreeMask.Onnx;
using FreeMask.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace FreeMask.Diffusion.Pipelines;

/// <summary>Makes a sampler's steps in the memory of a device: latents and what is remembered of former steps stay there until the last
/// step.</summary>
internal sealed class IoBindingSteps : IDisposable
{
    private readonly IScheduler _scheduler;
    private readonly OnnxIoBinding _binding;
    private readonly List<OrtValue> _memory = [];
    private OrtValue _latent;

    /// <summary>Starts at latents of this process.</summary>
    /// <param name="session">A session of <see cref="SchedulerStepGraph"/>.</param>
    /// <param name="scheduler">The sampler.</param>
    /// <param name="latents">[images, channels, height, width].</param>
    internal IoBindingSteps(OnnxSession session, IScheduler scheduler, FloatTensor latents)
    {
        _scheduler = scheduler;
        _binding = session.Bind();
        _latent = OrtValue.CreateTensorValueFromMemory(latents.Values, [.. latents.Shape]);
    }

    /// <summary>The latents; before the last step only where the device's memory is the process's own.</summary>
    internal FloatTensor Latents => OnnxValues.ToTensor(_latent);

    /// <summary>States each image's guidance, for a session that guides.</summary>
    internal void Guide(IReadOnlyList<float> scales, IReadOnlyList<float>? rescales)
    {
        _binding.BindInput(SchedulerStepGraph.Scale, PerImage(scales));
        if (rescales is not null) _binding.BindInput(SchedulerStepGraph.Rescale, PerImage(rescales));
    }

    /// <summary>Makes a step.</summary>
    /// <param name="index">The step's index.</param>
    /// <param name="prediction">What the U-Net predicted; it stays the caller's.</param>
    /// <param name="noise">Standard normal noise where the step needs it, otherwise empty.</param>
    /// <returns>The U-Net's next input, for the caller to dispose of; null after the last step.</returns>
    internal OrtValue? Make(int index, OrtValue prediction, float[] noise)
    {
        var step = _scheduler.StepAt(index);
        var isLast = index == _scheduler.Timesteps.Count - 1;
        _binding.BindInput(SchedulerStepGraph.Prediction, prediction);
        _binding.BindInput(SchedulerStepGraph.Latent, _latent);
        for (var i = 0; i < SchedulerStepGraph.History.Count; i++)
            _binding.BindInput(SchedulerStepGraph.History[i], i < _memory.Count ? _memory[i] : _latent);
        if (step.NeedsNoise) _binding.BindInput(SchedulerStepGraph.Noise, new FloatTensor(noise, _latent.GetTensorTypeAndShape().Shape));
        else _binding.BindInput(SchedulerStepGraph.Noise, _latent);
        _binding.BindInput(SchedulerStepGraph.EstimateWeights, step.Estimate.InOrder());
        _binding.BindInput(SchedulerStepGraph.NextWeights, step.Next.InOrder());
        _binding.BindInput(SchedulerStepGraph.Limit, [step.Limit]);
        _binding.BindInput(SchedulerStepGraph.InputScale, [isLast ? 1 : _scheduler.StepAt(index + 1).InputScale]);

        var (remembersOutput, remembersEstimate) = (step.Remembers.HasFlag(StepMemory.Output), step.Remembers.HasFlag(StepMemory.Estimate));
        var results = new Queue<OrtValue>(_binding.Run(
        [
            (SchedulerStepGraph.Next, !isLast),
            .. remembersOutput ? [(SchedulerStepGraph.Output, true)] : Array.Empty<(string, bool)>(),
            .. remembersEstimate ? [(SchedulerStepGraph.Estimate, true)] : Array.Empty<(string, bool)>(),
            .. isLast ? [] : new[] { (SchedulerStepGraph.Input, true) },
        ]));
        var before = _latent;
        _latent = results.Dequeue();
        if (step.Remembers.HasFlag(StepMemory.Latent)) Remember(before);
        else before.Dispose();
        if (remembersOutput) Remember(results.Dequeue());
        if (remembersEstimate) Remember(results.Dequeue());
        return isLast ? null : results.Dequeue();
    }

    public void Dispose()
    {
        _binding.Dispose();
        _latent.Dispose();
        foreach (var value in _memory) value.Dispose();
        _memory.Clear();
    }

    private void Remember(OrtValue value)
    {
        _memory.Insert(0, value);
        if (_memory.Count <= SchedulerStep.MemoryLength) return;
        _memory[^1].Dispose();
        _memory.RemoveAt(SchedulerStep.MemoryLength);
    }

    private static FloatTensor PerImage(IReadOnlyList<float> values) => new([.. values], values.Count, 1, 1, 1);
}
