using System.Collections.Concurrent;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Artifacts;
using FreeMask.Hosting.Silos;
using FreeMask.Hosting.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;
using Xunit;

namespace FreeMask.Silo.Tests.Fakes;

/// <summary>
/// Several silos in this process on one data folder, with fake stages. State is in SQLite with one writer for all silos, so that a killed
/// silo loses only its memory.
/// </summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<RunState>> _resting = new();
    private readonly SqliteDatabases _databases = new();
    private readonly InProcessTestCluster _cluster;

    private TestCluster(string folder, short silos)
    {
        Artifacts = new FolderArtifactStore(Path.Combine(folder, "artifacts"), TimeProvider.System);
        Stages = new FakeStages { Store = () => Artifacts };
        Training = new FakeTraining { Store = () => Artifacts };
        Faults.Written = (_, key, value) =>
        {
            if (value is Stored<RunRecord> { Value: { State: not RunState.Running } run }) Resting(key).TrySetResult(run.State);
        };
        var builder = new InProcessTestClusterBuilder(silos);
        (builder.Options.ClusterId, builder.Options.ServiceId) = (SiloHosting.DefaultCluster, SiloHosting.DefaultCluster);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSiloHost((options, host) => Configure(host, options.SiloName, folder));
        _cluster = builder.Build();
    }

    public StorageFaults Faults { get; } = new();

    public FakeStages Stages { get; }

    public FakeTraining Training { get; }

    /// <summary>The environment of a silo, by its name; null if it is not compared.</summary>
    public Func<string, IComputeEnvironment?> Environments { get; set; } = _ => null;

    public IArtifactStore Artifacts { get; }

    public InProcessTestCluster Silos => _cluster;

    public IGrainFactory Grains => _cluster.Client;

    public static async Task<TestCluster> StartAsync(
        string folder, short silos, CancellationToken cancellationToken, Func<string, IComputeEnvironment?>? environments = null)
    {
        var cluster = new TestCluster(folder, silos);
        if (environments is not null) cluster.Environments = environments;
        await cluster._cluster.DeployAsync(cancellationToken);
        return cluster;
    }

    public IRunGrain Run(string id) => Grains.GetGrain<IRunGrain>(id);

    /// <summary>Waits until the run's record says that it no longer runs.</summary>
    public Task<RunState> RestingAsync(string id) => Resting(id).Task.WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>Forgets that a run ended, before it is tried again.</summary>
    public void Arm(string id) => _resting.TryRemove(id, out _);

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _databases.DisposeAsync();
    }

    private TaskCompletionSource<RunState> Resting(string id) =>
        _resting.GetOrAdd(id, _ => new TaskCompletionSource<RunState>(TaskCreationOptions.RunContinuationsAsynchronously));

    private void Configure(IHostApplicationBuilder host, string name, string folder)
    {
        host.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["FreeMask:DataFolder"] = folder,
            ["FreeMask:Collection:Interval"] = "00:00:00",
            ["FreeMask:Coordination:ReconcileInterval"] = "00:00:00.050",
            ["FreeMask:Coordination:RetryDelay"] = "00:00:00.050",
            ["FreeMask:Coordination:Lease"] = "00:00:02",
            ["FreeMask:Coordination:DeviceRefreshInterval"] = "00:00:00.100",
            ["FreeMask:Coordination:DeviceLostTimeout"] = "00:00:02",
            ["Orleans:Name"] = name,
        });
        host.AddFreeMaskSilo(_ => { });
        if (Environment.GetEnvironmentVariable("FREEMASK_TEST_LOG") is { } level)
            host.Logging
                .AddSimpleConsole(options => (options.SingleLine, options.TimestampFormat) = (true, "HH:mm:ss.fff "))
                .SetMinimumLevel(Enum.Parse<LogLevel>(level));
        host.Services.AddSingleton(Stages.On(name));
        host.Services.AddSingleton(Training.On(name));
        host.Services.AddSingleton(_databases);
        if (Environments(name) is { } environment) host.Services.AddSingleton(environment);
        Faults.Register(host.Services);
    }
}
