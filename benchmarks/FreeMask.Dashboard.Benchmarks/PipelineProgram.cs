using System.Diagnostics;
using System.Globalization;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;
using FreeMask.Hosting.Silos;
using FreeMask.Load.Benchmarks;
using Microsoft.Extensions.DependencyInjection;

namespace FreeMask.Dashboard.Benchmarks;

/// <summary>
/// The process that works on the run, told what to do by lines on its standard input: the first one starts the run, the end of input ends
/// the process. It writes "open" when the data folder can be connected to, and seconds and processor seconds when the run has ended.
/// </summary>
internal static class PipelineProgram
{
    /// <summary>The id of the run.</summary>
    internal const string Run = "load";

    private const int Batch = 64, Window = 8 * Batch, Pictures = 512;

    internal static async Task RunAsync(string folder, int samples, int changes)
    {
        // One device: an item takes the time that lets it do so many a second.
        var devices = changes == 0 ? FakeDevices.Instant : new FakeDevices(0, 1000.0 / changes);
        var options = new EmbeddedSiloOptions { DataFolder = folder, Services = Register };
        await using var silo = await EmbeddedSilo.StartAsync(options, CancellationToken.None);
        Console.WriteLine("open");
        if (await Console.In.ReadLineAsync() is null) return;
        using var process = Process.GetCurrentProcess();
        var (began, cpu) = (TimeProvider.System.GetTimestamp(), process.TotalProcessorTime);
        var spec = LoadRun.SpecOf(samples, Batch) with { Execution = new ExecutionSpec { Window = Window } };
        var ended = LoadRun.CompleteAsync(silo.Grains, Run, spec);
        // The console's reader blocks in its asynchronous methods too.
        var told = Task.Run(Console.In.ReadToEndAsync);
        if (await Task.WhenAny(ended, told) == told) return;
        var status = await ended;
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        process.Refresh();
        var work = (process.TotalProcessorTime - cpu).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{status.State} {seconds:0.000} {work:0.000}"));
        await told;

        void Register(IServiceCollection services)
        {
            LoadRun.Register(services, devices, Pictures);
            // The next batch waits at the device, as at a GPU: time between two batches would count as the device's.
            services.Configure<DeviceWorkerOptions>(worker => worker.Parallelism = 2);
        }
    }
}
