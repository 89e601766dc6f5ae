using System.Globalization;
using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Silos;
using FreeMask.Hosting.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.TestingHost;

namespace FreeMask.Load.Benchmarks;

/// <summary>
/// A run over several silos, each with one device that takes 8 ms a batch and 0.5 ms an item: how much of what the devices could do at
/// most, in full batches without a pause, they do. The silos are in this process: what they say to each other is serialized, but stays in
/// memory. One SQLite file has their state.
/// </summary>
internal static class BatchingLoad
{
    private const int Batch = 32, Warmup = 4000;

    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var silos = short.Parse(arguments.ElementAtOrDefault(0) ?? "3", CultureInfo.InvariantCulture);
        var samples = int.Parse(arguments.ElementAtOrDefault(1) ?? "12000", CultureInfo.InvariantCulture);
        var folder = Directory.CreateTempSubdirectory("freemask-load-");
        await using var databases = new SqliteDatabases();
        try
        {
            var parallelism = arguments.ElementAtOrDefault(2) ?? "1";
            var devices = new FakeDevices(perBatch: 8, perItem: 0.5);
            var builder = new InProcessTestClusterBuilder(silos);
            (builder.Options.ClusterId, builder.Options.ServiceId, builder.Options.ConfigureFileLogging) = (
                SiloHosting.DefaultCluster,
                SiloHosting.DefaultCluster,
                false
            );
            builder.ConfigureSiloHost(
                (options, host) => Configure(host, options.SiloName, folder.FullName, databases, devices, parallelism)
            );
            await using var cluster = builder.Build();
            await cluster.DeployAsync();
            // What is measured is silos that have been at work for a while: the first thousands of calls are compiled code's first.
            await LoadRun.CompleteAsync(cluster.Client, "warm-up", LoadRun.SpecOf(Warmup, Batch));
            devices.Reset();
            var status = await LoadRun.CompleteAsync(cluster.Client, "load", LoadRun.SpecOf(samples, Batch));
            var spec = LoadRun.SpecOf(samples, Batch);
            var least = StageTable.Default.Stages.Sum(stage => devices.Least(samples, stage.BatchSize(spec))) / silos;
            await output.WriteLineAsync(
                "silos  parallelism  samples  batch  mean batch  items/s  limit items/s  share of limit  devices busy"
            );
            await output.WriteLineAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{silos,5}  {parallelism,11}  {samples,7}  {Batch,5}  {devices.Items / (double)devices.Batches,10:0.00}  "
                        + $"{devices.Items / devices.Seconds,7:0}  {devices.Items / least,13:0}  {least / devices.Seconds,14:0.0%}  "
                        + $"{devices.Busy / silos / devices.Seconds,12:0.0%}   {status.State} {status.Reason}"
                )
            );
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Configure(
        IHostApplicationBuilder host,
        string name,
        string folder,
        SqliteDatabases databases,
        FakeDevices devices,
        string parallelism
    )
    {
        host.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["FreeMask:DataFolder"] = folder,
            ["FreeMask:DeviceWorker:Parallelism"] = parallelism,
            ["Orleans:Name"] = name,
        });
        host.AddFreeMaskSilo(_ => { });
        host.Services.AddSingleton(databases);
        LoadRun.Register(host.Services, devices);
    }
}
