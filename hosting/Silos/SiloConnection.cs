using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Artifacts;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Security;
using FreeMask.Hosting.Storage;
using Orleans.Configuration;
using Orleans.Messaging;

namespace FreeMask.Hosting.Silos;

/// <summary>
/// The grains of a data folder, in the process that uses the folder now (over loopback) or else in a silo embedded here; or the grains of
/// a cluster.
/// </summary>
internal sealed class SiloConnection : IAsyncDisposable
{
    private static readonly string[] ClientSections =
    [
        "ConnectionStrings",
        "Orleans:ClusterId",
        "Orleans:ServiceId",
        "Orleans:Clustering",
        "FreeMask:Artifacts",
        "FreeMask:DataFolder",
        TlsFiles.Section,
    ];

    // A process that has published its address answers within milliseconds; one that starts or stops needs seconds.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5),
        OwnerTimeout = TimeSpan.FromSeconds(60),
        OwnerCheck = TimeSpan.FromMilliseconds(250);

    private readonly IAsyncDisposable _owner;
    private readonly string? _folder;

    private SiloConnection(IGrainFactory grains, IArtifactStore artifacts, bool isRemote, IAsyncDisposable owner, string? folder = null) =>
        (Grains, Artifacts, IsRemote, _owner, _folder) = (grains, artifacts, isRemote, owner, folder);

    /// <summary>The grains.</summary>
    public IGrainFactory Grains { get; }

    /// <summary>The artifacts.</summary>
    public IArtifactStore Artifacts { get; }

    /// <summary>True if another process hosts the silo; its runs continue when this connection closes.</summary>
    public bool IsRemote { get; }

    /// <summary>True if records can only be read: no process uses the folder, or it does not answer.</summary>
    public bool IsReadOnly { get; private init; }

    /// <summary>True if the process that hosted the silo of a data folder has ended.</summary>
    public bool IsOwnerGone => IsRemote && _folder is not null && !DataFolderLock.IsTaken(_folder);

    /// <summary>Opens the folder for work: in the process that uses it, or in a silo embedded here.</summary>
    /// <param name="options">The silo to embed if no process uses the folder.</param>
    /// <param name="waits">Called once if the process that uses the folder does not answer at first.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    /// <exception cref="FreeMaskException">The folder cannot be used, or the process that uses it does not answer for a
    /// minute.</exception>
    public static async Task<SiloConnection> OpenAsync(
        EmbeddedSiloOptions options,
        Action<string>? waits,
        CancellationToken cancellationToken
    )
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var notified = false; ; notified = true)
        {
            if (!DataFolderLock.IsTaken(options.DataFolder))
            {
                try
                {
                    var silo = await EmbeddedSilo.StartAsync(options, cancellationToken);
                    return new SiloConnection(silo.Grains, silo.Artifacts, false, silo);
                }
                catch (FreeMaskException) when (DataFolderLock.IsTaken(options.DataFolder))
                {
                    // Another process locked it first.
                }
            }

            if (await TryConnectAsync(options, cancellationToken) is { } connection) return connection;
            var owner = DataFolderLock.Find(options.DataFolder);
            var who = owner is null ? "Another process" : $"Process {owner.Process}";
            if (TimeProvider.System.GetElapsedTime(started) > OwnerTimeout)
                throw new FreeMaskException(
                    $"{who} uses the data folder '{Path.GetFullPath(options.DataFolder)}' and does not answer; stop it, or use another "
                        + "folder."
                );
            if (!notified)
                waits?.Invoke(
                    $"{who} uses the data folder '{Path.GetFullPath(options.DataFolder)}' and does not answer; waiting up to a minute "
                        + "for it to answer or to leave ..."
                );
            await Task.Delay(OwnerCheck, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>
    /// Opens the folder for reading: in the process that uses it, or else from its records, which needs no write access and no disk space,
    /// and does not lock the folder.
    /// </summary>
    /// <exception cref="FreeMaskException">The records cannot be read.</exception>
    public static async Task<SiloConnection> ReadAsync(EmbeddedSiloOptions options, CancellationToken cancellationToken)
    {
        var taken = DataFolderLock.IsTaken(options.DataFolder);
        if (taken && await TryConnectAsync(options, cancellationToken) is { } connection) return connection;
        var silo = await EmbeddedSilo.StartAsync(options with { ReadOnly = true }, cancellationToken);
        return new SiloConnection(silo.Grains, silo.Artifacts, taken, silo) { IsReadOnly = true };
    }

    /// <summary>
    /// Connects to the process that published its address in the folder; null if there is none, or if it does not answer in time.
    /// </summary>
    private static async Task<SiloConnection?> TryConnectAsync(EmbeddedSiloOptions options, CancellationToken cancellationToken)
    {
        if (DataFolderLock.Find(options.DataFolder) is not { } owner || !await AnswersAsync(owner, cancellationToken)) return null;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ConnectTimeout);
        try
        {
            var connecting = ConnectAsync(options, owner, timeout.Token);
            return await connecting.WaitAsync(ConnectTimeout, cancellationToken);
        }
        catch (Exception exception)
            when (!cancellationToken.IsCancellationRequested
                && exception is OperationCanceledException or TimeoutException or OrleansException or SocketException
            )
        {
            return null;
        }
    }

    /// <summary>Whether the process of a published address is alive and listens: Orleans would retry a dead port repeatedly.</summary>
    private static async Task<bool> AnswersAsync(SiloAnnouncement owner, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ConnectTimeout);
        try
        {
            using var process = Process.GetProcessById(owner.Process);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, owner.GatewayPort, timeout.Token);
            return true;
        }
        catch (Exception exception)
            when (!cancellationToken.IsCancellationRequested
                && exception is ArgumentException or SocketException or OperationCanceledException
            )
        {
            return false;
        }
    }

    /// <summary>Connects to a cluster as a client.</summary>
    /// <param name="configuration">
    /// A JSON file with sections <c>Orleans:Clustering</c> and <c>FreeMask:Artifacts</c> as the silos have them, or the silos' own file.
    /// Environment variables with the prefix <c>FREEMASK_</c> take precedence.
    /// </param>
    /// <param name="logging">Configures logging; null for none.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    /// <exception cref="FreeMaskException">The file cannot be used, or silos refuse the certificate.</exception>
    /// <exception cref="ClusterUnavailableException">No silo of the cluster answers, or none has the coordinator role.</exception>
    public static async Task<SiloConnection> ConnectAsync(
        string configuration,
        Action<ILoggingBuilder>? logging,
        CancellationToken cancellationToken
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        logging?.Invoke(builder.Logging);
        builder.Configuration.AddInMemoryCollection(ClientSettings(configuration));
        ProviderCheck.CheckClient(builder.Configuration);
        builder.Services.AddAzureGrainStorage(builder.Configuration);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddArtifactStore();
        var tls = ClusterTls.OfClient(builder.Configuration);
        builder.Services.AddSingleton(s =>
            new ConnectionRetry(s.GetRequiredService<IGatewayListProvider>(), s.GetRequiredService<TimeProvider>(), tls)
        );
        builder.Services.AddSingleton<IClientConnectionRetryFilter>(s => s.GetRequiredService<ConnectionRetry>());
        builder.UseOrleansClient(client =>
        {
            client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
            client.AddOutgoingGrainCallFilter<ReadRetryFilter>();
            if (tls is not null) client.Configure<ClientConnectionOptions>(tls.Apply);
        });
        var host = builder.Build();
        var retry = host.Services.GetRequiredService<ConnectionRetry>();
        try
        {
            // A silo that accepts the connection and then says nothing is not a failure to Orleans.
            await host.StartAsync(cancellationToken).WaitAsync(2 * ConnectionRetry.Limit, TimeProvider.System, cancellationToken);
            var grains = host.Services.GetRequiredService<IGrainFactory>();
            CheckCoordinated(grains, configuration);
            return new SiloConnection(grains, host.Services.GetRequiredService<IArtifactStore>(), true, new ClientHost(host));
        }
        catch (FreeMaskException)
        {
            await new ClientHost(host).DisposeAsync();
            throw;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var reason = Secrets.Hide(retry.TlsProblem ?? exception.Message.Split('\n')[0]);
            host.Dispose();
            var message = $"No silo of the cluster in '{configuration}' can be used: {reason}";
            // A refused certificate stays refused; silos that do not answer may be starting.
            if (retry.TlsProblem is not null) throw new FreeMaskException(message, exception);
            throw new ClusterUnavailableException(message, exception);
        }
    }

    /// <summary>Closes the connection, or stops the embedded silo.</summary>
    public ValueTask DisposeAsync() => _owner.DisposeAsync();

    private static void CheckCoordinated(IGrainFactory grains, string configuration)
    {
        try
        {
            grains.GetGrain<IRunGrain>("any");
        }
        catch (ArgumentException exception)
        {
            // Silos answer, but none has the coordinator role.
            throw new ClusterUnavailableException(
                $"The cluster in '{configuration}' has no coordinator: start a silo whose FreeMask:Roles has 'coordinator'. Runs that "
                    + "were at work then go on by themselves.",
                exception
            );
        }
    }

    /// <summary>The settings of a cluster's configuration that a client needs; it has no providers for the others.</summary>
    private static Dictionary<string, string?> ClientSettings(string file)
    {
        try
        {
            var all = new ConfigurationBuilder()
                .AddJsonFile(Path.GetFullPath(file), optional: false)
                .AddEnvironmentVariables("FREEMASK_")
                .Build();
            var settings = all.AsEnumerable()
                .Where(s => ClientSections.Any(c => IsBelow(s.Key, c)))
                .ToDictionary(StringComparer.OrdinalIgnoreCase);
            settings.TryAdd("Orleans:ClusterId", SiloHosting.DefaultCluster);
            settings.TryAdd("Orleans:ServiceId", SiloHosting.DefaultCluster);
            return settings;
        }
        catch (Exception exception) when (exception is FileNotFoundException or InvalidDataException)
        {
            throw new FreeMaskException(
                $"The cluster file '{file}' cannot be read: {(exception.InnerException ?? exception).Message}",
                exception
            );
        }
    }

    private static bool IsBelow(string key, string section) =>
        key.StartsWith(section, StringComparison.OrdinalIgnoreCase) && (key.Length == section.Length || key[section.Length] == ':');

    private static async Task<SiloConnection> ConnectAsync(
        EmbeddedSiloOptions options,
        SiloAnnouncement silo,
        CancellationToken cancellationToken
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        if (options.Logging is { } logging) logging(builder.Logging);
        builder.UseOrleansClient(client =>
            client.UseLocalhostClustering([silo.GatewayPort], SiloHosting.DefaultCluster, SiloHosting.DefaultCluster)
        );
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken);
            var artifacts = new FolderArtifactStore(Path.Combine(options.DataFolder, "artifacts"), TimeProvider.System, readOnly: true);
            return new SiloConnection(
                host.Services.GetRequiredService<IGrainFactory>(),
                artifacts,
                true,
                new ClientHost(host),
                options.DataFolder
            );
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    private sealed class ClientHost(IHost host) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
        }
    }
}
