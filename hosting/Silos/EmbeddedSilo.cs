using System.Net;
using System.Net.Sockets;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Configuration;
using Polly;
using Polly.Retry;

namespace FreeMask.Hosting.Silos;

/// <summary>Options of an embedded silo.</summary>
internal sealed record EmbeddedSiloOptions
{
    /// <summary>The folder of state and artifacts; created if it is absent.</summary>
    public required string DataFolder { get; init; }

    /// <summary>
    /// True to continue every run that was active when the last silo of this folder died. Default false: the caller resumes a run.
    /// </summary>
    public bool ResumeRuns { get; init; }

    /// <summary>How long <see cref="EmbeddedSilo.StopAsync"/> waits for work in flight. Default 10 s.</summary>
    public TimeSpan StopWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Settings by key, such as <c>FreeMask:Devices:Names:0</c>; they take precedence over everything else.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>
    /// True to read only: nothing is written, no work is done, and another process may use the folder meanwhile. Later writes of other
    /// processes may be missing in answers.
    /// </summary>
    public bool ReadOnly { get; init; }

    /// <summary>Registers the stage runners and the training, and further services of the host.</summary>
    public required Action<IServiceCollection> Services { get; init; }

    /// <summary>Configures logging; null for none.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }
}

/// <summary>
/// A silo in this process, on loopback, with its state and artifacts in a data folder that no other silo may use meanwhile.
/// </summary>
internal sealed class EmbeddedSilo : IAsyncDisposable
{
    // Another program may take a port between the search for a free one and the start.
    private static readonly ResiliencePipeline PortRetries = new ResiliencePipelineBuilder()
        .AddRetry(
            new RetryStrategyOptions
            {
                MaxRetryAttempts = 4,
                Delay = TimeSpan.Zero,
                ShouldHandle = new PredicateBuilder().Handle<Exception>(StartFailure.IsPortTaken),
            }
        )
        .Build();

    private readonly IHost _host;
    private readonly DataFolderLock? _lock;
    private readonly TimeSpan _stopWithin;
    private bool _stopped;

    private EmbeddedSilo(IHost host, DataFolderLock? folderLock, TimeSpan stopWithin) =>
        (_host, _lock, _stopWithin) = (host, folderLock, stopWithin);

    /// <summary>Grains of the silo.</summary>
    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Its artifacts.</summary>
    public IArtifactStore Artifacts => _host.Services.GetRequiredService<IArtifactStore>();

    /// <summary>All services.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>Starts a silo; completes when grains can be called.</summary>
    /// <exception cref="FreeMaskException">Another process uses the data folder, or the folder or the settings cannot be used.</exception>
    public static async Task<EmbeddedSilo> StartAsync(EmbeddedSiloOptions options, CancellationToken cancellationToken)
    {
        var folderLock = options.ReadOnly ? null : DataFolderLock.Take(options.DataFolder);
        try
        {
            var host = await PortRetries.ExecuteAsync(
                static async (options, stop) => await StartHostAsync(options, stop),
                options,
                cancellationToken
            );
            folderLock?.Announce(host.GatewayPort);
            return new EmbeddedSilo(host.Host, folderLock, options.StopWithin);
        }
        catch (Exception exception)
        {
            folderLock?.Dispose();
            if (exception is not FreeMaskException && ConfigurationProblems.Of(exception) is { } problems)
                throw new FreeMaskException(string.Join('\n', problems), exception);
            throw;
        }
    }

    private static async Task<(IHost Host, int GatewayPort)> StartHostAsync(
        EmbeddedSiloOptions options,
        CancellationToken cancellationToken
    )
    {
        var (siloPort, gatewayPort) = FreePorts();
        var host = Build(options, siloPort, gatewayPort);
        try
        {
            await host.StartAsync(cancellationToken);
            return (host, gatewayPort);
        }
        catch
        {
            await DisposeAsync(host);
            throw;
        }
    }

    /// <summary>Stops the silo: work in flight is cancelled, and results stay. An interrupted run continues when it is resumed.</summary>
    public async Task StopAsync()
    {
        if (_stopped) return;
        _stopped = true;
        using var timeout = new CancellationTokenSource(_stopWithin);
        try
        {
            await _host.StopAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            // What did not stop in time ends with the process, which is safe at any time.
        }
    }

    /// <summary>Stops the silo and releases the data folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await DisposeAsync(_host);
        _lock?.Dispose();
    }

    private static IHost Build(EmbeddedSiloOptions options, int siloPort, int gatewayPort)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            // The user of this process names the programs of its run files.
            ["FreeMask:Roles"] = "coordinator,worker,trainer",
            ["FreeMask:DataFolder"] = Path.GetFullPath(options.DataFolder),
            ["FreeMask:ResumeRuns"] = options.ResumeRuns ? "true" : "false",
            ["Orleans:Endpoints:SiloPort"] = siloPort.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["Orleans:Endpoints:GatewayPort"] = gatewayPort.ToString(System.Globalization.CultureInfo.InvariantCulture),
        });
        if (options.ReadOnly) builder.Configuration.AddInMemoryCollection(ReadOnlySettings);
        builder.Configuration.AddInMemoryCollection(options.Settings);
        if (options.Logging is { } logging) logging(builder.Logging);
        builder.AddFreeMaskSilo();
        // The host program handles the console and Ctrl-C.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        options.Services(builder.Services);
        return builder.Build();
    }

    private static readonly Dictionary<string, string?> ReadOnlySettings = new()
    {
        ["FreeMask:Roles"] = "coordinator",
        ["FreeMask:Artifacts:ReadOnly"] = "true",
        ["FreeMask:Collection:Interval"] = "00:00:00",
        [$"Orleans:GrainStorage:{StorageNames.Coordination}:ReadOnly"] = "true",
        [$"Orleans:GrainStorage:{StorageNames.Samples}:ReadOnly"] = "true",
    };

    private static async Task DisposeAsync(IHost host)
    {
        if (host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else host.Dispose();
    }

    private static (int Silo, int Gateway) FreePorts()
    {
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
