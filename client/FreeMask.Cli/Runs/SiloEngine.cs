using FreeMask.Cli.Bundles;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Silos;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FreeMask.Cli.Runs;

/// <summary>The engine of a data folder or cluster.</summary>
internal sealed class SiloEngine(SiloConnection connection) : IEngine
{
    public bool IsRemote => connection.IsRemote;

    public bool IsReadOnly => connection.IsReadOnly;

    public bool IsOwnerGone => connection.IsOwnerGone;

    public IGrainFactory Grains => connection.Grains;

    public IRunDirectoryGrain Directory => connection.Grains.GetGrain<IRunDirectoryGrain>(0);

    /// <summary>Creates an opener that connects to a cluster, or to the silo of a data folder, or embeds one.</summary>
    /// <param name="stages">Registers the stage runners of an embedded silo.</param>
    internal static EngineOpener With(Action<IServiceCollection, BundleCatalog> stages) => async (address, bundles, stop) =>
    {
        if (address.Cluster is { } cluster)
        {
            if (address.Devices.Count > 0 || address.TrainingDevice is not null)
                throw new FreeMaskException(
                    $"{(address.Devices.Count > 0 ? "--device" : "--training-device")} is for work in this process; the silos of a "
                        + "cluster have the devices that their configuration names."
                );
            return new SiloEngine(await SiloConnection.ConnectAsync(cluster, Log, stop));
        }

        var options = new EmbeddedSiloOptions
        {
            DataFolder = address.Data.Root,
            Services = services => stages(services, bundles),
            Logging = Log,
            Settings = DeviceSettings.Of(address.Devices, address.TrainingDevice),
        };
        if (!address.ReadOnly) return new SiloEngine(await SiloConnection.OpenAsync(options, address.OnWaiting, stop));
        // A folder without records has no runs, and reading must not create it.
        if (!File.Exists(Path.Combine(address.Data.Root, "state.db"))) return new NoRunsEngine();
        return new SiloEngine(await SiloConnection.ReadAsync(options, stop));

        void Log(ILoggingBuilder logging) =>
                logging
                    .SetMinimumLevel(LogLevel.Trace)
                    .AddProvider(
                        new FileLog(
                            address.Data,
                            TimeProvider.System,
                            address.Log is null ? LogLevel.Information : LogLevel.Debug,
                            address.Log
                        )
                    )
                    .AddFilter("Orleans", LogLevel.Warning)
                    // One warns in every process without server GC; the other takes the machine's uptime for a stalled thread.
                    .AddFilter("Orleans.Runtime.Silo", LogLevel.Error)
                    .AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error)
                    .AddFilter("Microsoft", LogLevel.Warning);
    };

    public IArtifactCollectorGrain Collector => connection.Grains.GetGrain<IArtifactCollectorGrain>(0);

    public IRunGrain Run(string id) => connection.Grains.GetGrain<IRunGrain>(id);

    public Task<ReadOnlyMemory<byte>> ReadArtifactAsync(string hash, CancellationToken stop) => connection.Artifacts.GetAsync(hash, stop);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
