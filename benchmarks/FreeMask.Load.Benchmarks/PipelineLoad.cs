using System.Diagnostics;
using System.Globalization;
using FreeMask.Hosting.Silos;

namespace FreeMask.Load.Benchmarks;

/// <summary>
/// A whole durable run with stages that do nothing, in one silo: samples a second, bytes of state and peak memory a sample. Peak memory is
/// the process's, so give one number a process to compare it.
/// </summary>
internal static class PipelineLoad
{
    private const int Batch = 64;

    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var store = arguments.Length > 0 ? StateStore.Parse(arguments[0]) : null;
        string[] counts = store is null ? arguments : arguments[1..];
        await output.WriteLineAsync("state        samples  seconds  samples/s  cpu ms/sample  state bytes/sample  peak MiB");
        foreach (var count in counts.Length == 0 ? ["1000", "10000"] : counts)
            await RunOneAsync(int.Parse(count, CultureInfo.InvariantCulture), store ?? StateStore.Sqlite, output);
    }

    private static async Task RunOneAsync(int samples, StateStore store, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("freemask-load-");
        try
        {
            var options = new EmbeddedSiloOptions
            {
                DataFolder = folder.FullName,
                Settings = store.Settings,
                Services = s => LoadRun.Register(s, FakeDevices.Instant),
            };
            await using var silo = await EmbeddedSilo.StartAsync(options, CancellationToken.None);
            using var process = Process.GetCurrentProcess();
            var (began, cpu) = (TimeProvider.System.GetTimestamp(), process.TotalProcessorTime);
            var status = await LoadRun.CompleteAsync(silo.Grains, "load", LoadRun.SpecOf(samples, Batch));
            var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
            process.Refresh();
            var work = (process.TotalProcessorTime - cpu).TotalMilliseconds / samples;
            var bytes = folder.EnumerateFiles("state.db*").Sum(f => f.Length);
            var state = bytes == 0 ? "elsewhere" : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)samples:0}");
            await output.WriteLineAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{store.Name,-11}  {samples,7}  {seconds,7:0.0}  {samples / seconds,9:0}  {work,13:0.00}  {state,18}  "
                        + $"{process.PeakWorkingSet64 / 1048576.0,8:0}   {status.State} {status.Reason}"
                )
            );
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
