using System.Diagnostics;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using Microsoft.Extensions.DependencyInjection;

namespace FreeMask.Load.Benchmarks;

/// <summary>A run of one round whose stages make nothing.</summary>
internal static class LoadRun
{
    /// <summary>Registers stages that make nothing and take a device's time.</summary>
    /// <param name="services">The silo's services.</param>
    /// <param name="devices">The devices.</param>
    /// <param name="pictures">How many pictures with label maps the samples share; 0 for artifacts without content.</param>
    public static void Register(IServiceCollection services, FakeDevices devices, int pictures = 0)
    {
        services.AddSingleton(s => new NoopStages(s.GetRequiredService<IArtifactStore>(), devices, pictures));
        services.AddSingleton<IStageRunnerFactory>(s => s.GetRequiredService<NoopStages>());
        services.AddSingleton<ISegmenterTraining>(s => s.GetRequiredService<NoopStages>());
    }

    /// <summary>Starts a run and waits for its end.</summary>
    public static async Task<RunStatus> CompleteAsync(IGrainFactory grains, string id, RunSpec spec)
    {
        var run = grains.GetGrain<IRunGrain>(id);
        await run.Start(spec);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        while (await timer.WaitForNextTickAsync())
            if (await run.GetStatus() is { State: not RunState.Running } ended) return ended;
        throw new UnreachableException();
    }

    /// <summary>A run of so many samples, with batches of so many where a stage lets one choose.</summary>
    public static RunSpec SpecOf(int samples, int batch) => new()
    {
        Name = "load",
        Classes = ["cat", "dog"],
        Rounds = 1,
        SamplesPerRound = samples,
        Generation = new GenerationSpec { Batch = batch },
        Mask = new MaskSpec { Batch = batch },
        Scoring = new ScoringSpec { Batch = batch },
        Evaluation = new EvaluationSpec { Dataset = "none" },
    };
}
