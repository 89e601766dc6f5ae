using System.Diagnostics;
using System.Globalization;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;
using FreeMask.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace FreeMask.Load.Benchmarks;

/// <summary>
/// A whole durable run with stages that do nothing, in one silo with SQLite: samples a second, bytes of state and peak memory a sample. Run with
/// the numbers of samples: <c>1000 10000 100000</c>. Peak memory is the process's, so give one number a process to compare it.
/// </summary>
internal static class PipelineLoad
{
    private const int Batch = 64;

    public static async Task RunAsync(IEnumerable<string> counts, TextWriter output)
    {
        await output.WriteLineAsync("samples  seconds  samples/s  cpu ms/sample  state bytes/sample  peak MiB");
        foreach (var count in counts) await RunOneAsync(int.Parse(count, CultureInfo.InvariantCulture), output);
    }

    private static async Task RunOneAsync(int samples, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("freemask-load-");
        try
        {
            await using var silo = await EmbeddedSilo.StartAsync(new EmbeddedSiloOptions { DataFolder = folder.FullName, Services = Register }, CancellationToken.None);
            var run = silo.Grains.GetGrain<IRunGrain>("load");
            var (began, cpu) = (TimeProvider.System.GetTimestamp(), Process.GetCurrentProcess().TotalProcessorTime);
            await run.Start(SpecOf(samples));
            var status = await EndAsync(run);
            var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
            using var process = Process.GetCurrentProcess();
            var work = (process.TotalProcessorTime - cpu).TotalMilliseconds / samples;
            var state = folder.EnumerateFiles("state.db*").Sum(f => f.Length) / (double)samples;
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{samples,7}  {seconds,7:0.0}  {samples / seconds,9:0}  {work,13:0.00}  {state,18:0}  {process.PeakWorkingSet64 / 1048576.0,8:0}   {status.State} {status.Reason}"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<RunStatus> EndAsync(IRunGrain run)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        while (await timer.WaitForNextTickAsync())
            if (await run.GetStatus() is { State: not RunState.Running } ended) return ended;
        throw new UnreachableException();
    }

    private static RunSpec SpecOf(int samples) => new()
    {
        Name = "load",
        Classes = ["cat", "dog"],
        Rounds = 1,
        SamplesPerRound = samples,
        Generation = new GenerationSpec { Batch = Batch },
        Mask = new MaskSpec { Batch = Batch },
        Scoring = new ScoringSpec { Batch = Batch },
        Evaluation = new EvaluationSpec { Dataset = "none" },
        Execution = new ExecutionSpec { Window = 4 * Batch },
    };

    private static void Register(IServiceCollection services)
    {
        services.AddSingleton<NoopStages>();
        services.AddSingleton<IStageRunnerFactory>(s => s.GetRequiredService<NoopStages>());
        services.AddSingleton<ISegmenterTraining>(s => s.GetRequiredService<NoopStages>());
    }
}
