using System.Globalization;
using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Onnx;

namespace FreeMask.Cli.Runs;

/// <summary>Measures how long generating images takes, with the first batch of a run.</summary>
internal static class BatchMeasure
{
    // Enough to tell the time of a step from that of everything else.
    private const int FewSteps = 1, MoreSteps = 4;

    /// <summary>The seconds that the images of a run take on this machine.</summary>
    /// <param name="spec">A run that generates images.</param>
    /// <param name="folder">Its bundle.</param>
    /// <param name="devices">The devices; empty for the processor.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">Cancels between steps.</param>
    /// <exception cref="FreeMaskException">The bundle or the device cannot be used.</exception>
    internal static double Seconds(RunSpec spec, string folder, IReadOnlyList<string> devices, TimeProvider time, CancellationToken stop)
    {
        var drawings = SamplePlanner.DrawingsPerRound(spec);
        var batch = Math.Min(spec.Generation.Batch, drawings);
        using var bundle = DiffusionBundle.Load(folder, new DiffusionOptions { BatchSize = batch, Session = SessionOf(devices) });
        var pipeline = new DiffusionPipeline(bundle);
        var capture = CaptureOptions.For(AttentionPreset.ByName(spec.Mask.Preset));
        // The first call loads the models.
        _ = Draw(FewSteps);
        var more = Math.Min(MoreSteps, spec.Generation.Steps);
        var (short1, long1) = (Draw(FewSteps), more > FewSteps ? Draw(more) : 0);
        var step = more > FewSteps ? Math.Max(0, (long1 - short1) / (more - FewSteps)) : 0;
        var whole = short1 + (step * (spec.Generation.Steps - FewSteps));
        var batches = Math.Ceiling((double)drawings / batch) * spec.Rounds;
        return whole * batches / Math.Max(1, devices.Count);

        double Draw(int steps)
        {
            var started = time.GetTimestamp();
            pipeline.Generate([.. Enumerable.Range(0, batch).Select(index => Request(spec, bundle, index, steps))], capture, stop);
            return time.GetElapsedTime(started).TotalSeconds;
        }
    }

    private static GenerationRequest Request(RunSpec spec, DiffusionBundle bundle, int index, int steps)
    {
        var plan = SamplePlanner.Plan(spec, 0, index);
        return new()
        {
            Prompt = plan.Prompt,
            NegativePrompt = plan.NegativePrompt.Length == 0 ? null : plan.NegativePrompt,
            Classes = [spec.LabelSet()[plan.ClassIndex].AttentionIn(plan.Prompt)],
            Noise = new NoiseKey(plan.Seed, plan.Stream, 0),
            Steps = steps,
            Guidance = (float)spec.Generation.Guidance,
            Scheduler = bundle.Sampler(spec.Generation.Scheduler),
            Width = spec.Generation.Width,
            Height = spec.Generation.Height,
        };
    }

    private static OnnxSessionOptions SessionOf(IReadOnlyList<string> devices)
    {
        if (devices.Count == 0) return new();
        var parts = devices[0].Split(':', 2);
        return parts.Length == 1
            ? new() { Provider = parts[0] }
            : new()
            {
                Provider = parts[0],
                ProviderOptions = new Dictionary<string, string>
                {
                    ["device_id"] = int.Parse(parts[1], CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
                },
            };
    }
}
