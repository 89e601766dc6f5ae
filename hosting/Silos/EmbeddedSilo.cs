using System.Net;
using System.Net.Sockets;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Configuration;

namespace FreeMask.Hosting.Silos;

/// <summary>How to embed a silo.</summary>
public sealed record EmbeddedSiloOptions
{
    /// <summary>The folder of state and artifacts; made where absent.</summary>
    public required string DataFolder { get; init; }

    /// <summary>True to let every run go on that was at work when the last silo on this folder died. Default false: the caller resumes the one it means.</summary>
    public bool WakeRuns { get; init; }

    /// <summary>How long <see cref="EmbeddedSilo.StopAsync"/> waits for work in flight. Default 10 s.</summary>
    public TimeSpan StopWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Settings by key, such as <c>FreeMask:Devices:Names:0</c>; they win over everything else.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>
    /// True to read alone: state and artifacts are not written, nothing is worked on, and another process may use the folder meanwhile, or nobody may write it.
    /// What other processes write after an answer may be missing in the next.
    /// </summary>
    public bool ReadOnly { get; init; }

    /// <summary>Registers the stage runners and the training, and whatever the host adds.</summary>
    public required Action<IServiceCollection> Services { get; init; }

    /// <summary>Says where logs go; null for nowhere.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }
}

/// <summary>A whole FreeMask in this process: one silo on loopback, its state and artifacts in a data folder that no other silo may use meanwhile.</summary>
public sealed class EmbeddedSilo : IAsyncDisposable
{
    private const int PortTries = 5;

    private readonly IHost _host;
    private readonly DataFolderLock? _lock;
    private readonly TimeSpan _stopWithin;
    private bool _stopped;

    private EmbeddedSilo(IHost host, DataFolderLock? folderLock, TimeSpan stopWithin) => (_host, _lock, _stopWithin) = (host, folderLock, stopWithin);

    /// <summary>Grains of the silo.</summary>
    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Its artifacts.</summary>
    public IArtifactStore Artifacts => _host.Services.GetRequiredService<IArtifactStore>();

    /// <summary>Everything else.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>Starts a silo; returns when grains can be called.</summary>
    /// <exception cref="FreeMaskException">Another process uses the data folder, or the folder or the settings cannot be used.</exception>
    public static async Task<EmbeddedSilo> StartAsync(EmbeddedSiloOptions options, CancellationToken cancellationToken)
    {
        var folderLock = options.ReadOnly ? null : DataFolderLock.Take(options.DataFolder);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var (siloPort, gatewayPort) = FreePorts();
                var host = Build(options, siloPort, gatewayPort);
                try
                {
                    await host.StartAsync(cancellationToken);
                    folderLock?.Announce(gatewayPort);
                    return new EmbeddedSilo(host, folderLock, options.StopWithin);
                }
                catch (Exception exception) when (attempt < PortTries && StartFailure.IsPortTaken(exception))
                {
                    // Another program took the port between asking and listening.
                    await DisposeAsync(host);
                }
                catch
                {
                    await DisposeAsync(host);
                    throw;
                }
            }
        }
        catch (Exception exception)
        {
            folderLock?.Dispose();
            if (exception is not FreeMaskException && ConfigurationProblems.Of(exception) is { } problems) throw new FreeMaskException(string.Join('\n', problems), exception);
            throw;
        }
    }

    /// <summary>Stops: work in flight is left, and what is done is kept. A run that was at work goes on when it is resumed.</summary>
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
            // Whatever did not stop in time dies with the process, which is safe at any moment.
        }
    }

    /// <summary>Stops and frees the data folder.</summary>
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
            ["FreeMask:DataFolder"] = Path.GetFullPath(options.DataFolder),
            ["FreeMask:WakeRuns"] = options.WakeRuns ? "true" : "false",
            ["Orleans:Endpoints:SiloPort"] = siloPort.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["Orleans:Endpoints:GatewayPort"] = gatewayPort.ToString(System.Globalization.CultureInfo.InvariantCulture),
        });
        if (options.ReadOnly) builder.Configuration.AddInMemoryCollection(ReadOnlySettings);
        builder.Configuration.AddInMemoryCollection(options.Settings);
        if (options.Logging is { } logging) logging(builder.Logging);
        builder.AddFreeMaskSilo();
        // The embedding program owns the console and its Ctrl-C.
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
