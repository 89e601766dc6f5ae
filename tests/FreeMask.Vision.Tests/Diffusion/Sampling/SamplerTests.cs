using System.Text.Json;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Tensors;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion.Sampling;

/// <summary>Whole runs of every export with the noise of its reference: latents in this process's memory, and bound to the device's (here
/// the CPU's, by the same calls).</summary>
public sealed class SamplerTests
{
    // Differences of a whole run pile up; the fixtures' README measured 2e-4 at most.
    private const float Tolerance = 1e-3f;

    [Theory]
    [MemberData(nameof(CaptureTests.Folders), MemberType = typeof(CaptureTests))]
    public void Both_memories_give_the_latents_of_the_reference(string folder)
    {
        var golden = new Golden(folder);
        using var bundle = DiffusionBundle.Load(golden.Folder, new() { Session = new() { Threads = 1 } });
        var half = folder.Contains("fp16", StringComparison.Ordinal);
        foreach (var run in golden.Json.GetProperty("runs").EnumerateObject())
        {
            var jobs = Jobs(golden, bundle, run);
            var scheduler = jobs[0].Shape.Scheduler.Create(jobs[0].Shape.Steps);
            if (bundle.UNet.IntegerTimestep && scheduler.Timesteps.Any(t => t != MathF.Truncate(t))) continue;
            var (onHost, onDevice) = (Run(bundle, jobs), Run(bundle, jobs));
            using var host = new CpuSampler(onHost, scheduler, Start(golden, run.Name, scheduler));
            using var bound = new IoBindingSampler(onDevice, bundle.Steps, scheduler, Start(golden, run.Name, scheduler));
            var expected = golden.Values($"run{run.Name}.latents").Chunk(host.Latents.Values.Length).ToArray();
            var noises = scheduler.StepAt(0).NeedsNoise
                ? golden.Values($"run{run.Name}.step_noise").Chunk(host.Latents.Values.Length).ToArray()
                : [];
            for (var step = 0; step < scheduler.Timesteps.Count; step++)
            {
                var noise = scheduler.StepAt(step).NeedsNoise ? noises[step] : [];
                host.Step(step, noise, captures: step % 2 == 0);
                bound.Step(step, noise, captures: step % 2 == 0);
                Assert.Equal(host.Latents.Values, bound.Latents.Values);
                if (!half) Assert.InRange(Largest(expected[step], bound.Latents.Values), 0, Tolerance);
            }

            Assert.Equal(onHost.Records().Select(r => r.ToBytes()), onDevice.Records().Select(r => r.ToBytes()));
        }
    }

    private static GenerationJob[] Jobs(Golden golden, DiffusionBundle bundle, JsonProperty run)
    {
        var settings = run.Value;
        return
        [
            .. settings
                .GetProperty("prompts")
                .EnumerateArray()
                .Select(
                    (prompt, i) =>
                        GenerationJob.Make(
                            bundle,
                            new()
                            {
                                Prompt = golden.Text(prompt.GetString()!),
                                NegativePrompt = settings.GetProperty("negative") is { ValueKind: JsonValueKind.String } negative
                                    ? golden.Text(negative.GetString()!)
                                    : null,
                                Noise = default,
                                Steps = settings.GetProperty("steps").GetInt32(),
                                Guidance = settings.GetProperty("guidance").GetSingle(),
                                Scheduler = golden.Scheduler(run.Name),
                                Width = settings.GetProperty("width").GetInt32(),
                                Height = settings.GetProperty("height").GetInt32(),
                            },
                            i
                        )
                ),
        ];
    }

    private static UNetRun Run(DiffusionBundle bundle, GenerationJob[] jobs)
    {
        var shape = jobs[0].Shape;
        return new(bundle, jobs, shape.Guided, bundle.UNet.SelfFactors(shape.LatentWidth, shape.LatentHeight, 32));
    }

    private static FloatTensor Start(Golden golden, string run, IScheduler scheduler) =>
        new([.. golden.Values($"run{run}.noise").Select(v => v * scheduler.InitNoiseSigma)], [.. golden.Tensors[$"run{run}.noise"].Shape]);

    private static float Largest(float[] expected, float[] actual) => expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max();
}
