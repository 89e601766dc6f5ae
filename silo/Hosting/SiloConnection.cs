using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Silo.Artifacts;
using FreeMask.Vision;
using Orleans.Configuration;

namespace FreeMask.Silo.Hosting;

/// <summary>
/// The grains of a data folder, wherever they live: in the process that uses the folder now, reached over loopback, or else in a silo
/// embedded here. Or the grains of a cluster. Either way the calls are the same.
/// </summary>
public sealed class SiloConnection : IAsyncDisposable
{
    private static readonly string[] ClientSections = ["ConnectionStrings", "Orleans:ClusterId", "Orleans:ServiceId", "Orleans:Clustering", "FreeMask:Artifacts", "FreeMask:DataFolder"];

    private readonly IAsyncDisposable _owner;

    private SiloConnection(IGrainFactory grains, IArtifactStore artifacts, bool isRemote, IAsyncDisposable owner) =>
        (Grains, Artifacts, IsRemote, _owner) = (grains, artifacts, isRemote, owner);

    /// <summary>The grains.</summary>
    public IGrainFactory Grains { get; }

    /// <summary>The artifacts.</summary>
    public IArtifactStore Artifacts { get; }

    /// <summary>True where another process has the silo; a run that it works on goes on when this connection closes.</summary>
    public bool IsRemote { get; }

    /// <summary>Opens the folder.</summary>
    public static async Task<SiloConnection> OpenAsync(EmbeddedSiloOptions options, CancellationToken cancellationToken)
    {
        if (DataFolderLock.Find(options.DataFolder) is { } other) return await ConnectAsync(options, other, cancellationToken);
        var silo = await EmbeddedSilo.StartAsync(options, cancellationToken);
        return new SiloConnection(silo.Grains, silo.Artifacts, false, silo);
    }

    /// <summary>Connects to a cluster as a client.</summary>
    /// <param name="configuration">
    /// A JSON file with sections <c>Orleans:Clustering</c> and <c>FreeMask:Artifacts</c> as the silos have them, or the silos' own. Environment
    /// variables that begin with <c>FREEMASK_</c> win over it.
    /// </param>
    /// <param name="logging">Says where logs go; null for nowhere.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="FreeMaskException">The file cannot be used, or no silo of the cluster answers.</exception>
    public static async Task<SiloConnection> ConnectAsync(string configuration, Action<ILoggingBuilder>? logging, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        logging?.Invoke(builder.Logging);
        builder.Configuration.AddInMemoryCollection(ClientSettings(configuration));
        ProviderCheck.CheckClient(builder.Configuration);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddArtifactStore();
        builder.UseOrleansClient(client => client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5)));
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken);
            var grains = host.Services.GetRequiredService<IGrainFactory>();
            CheckCoordinated(grains, configuration);
            return new SiloConnection(grains, host.Services.GetRequiredService<IArtifactStore>(), true, new ClientHost(host));
        }
        catch (FreeMaskException)
        {
            await new ClientHost(host).DisposeAsync();
            throw;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            host.Dispose();
            throw new FreeMaskException($"No silo of the cluster in '{configuration}' answers: {exception.Message.Split('\n')[0]}", exception);
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
            // Silos answer, but none of them hosts runs.
            throw new FreeMaskException(
                $"The cluster in '{configuration}' has no coordinator: start a silo whose FreeMask:Roles has 'coordinator'. Runs that were at work then go on by themselves.", exception);
        }
    }

    /// <summary>What a client needs of a cluster's configuration; a file may say what silos need too, which a client has no providers for.</summary>
    private static Dictionary<string, string?> ClientSettings(string file)
    {
        try
        {
            var all = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(file), optional: false).AddEnvironmentVariables("FREEMASK_").Build();
            var settings = all.AsEnumerable().Where(s => ClientSections.Any(c => IsBelow(s.Key, c))).ToDictionary(StringComparer.OrdinalIgnoreCase);
            settings.TryAdd("Orleans:ClusterId", SiloHosting.DefaultCluster);
            settings.TryAdd("Orleans:ServiceId", SiloHosting.DefaultCluster);
            return settings;
        }
        catch (Exception exception) when (exception is FileNotFoundException or InvalidDataException)
        {
            throw new FreeMaskException($"The cluster file '{file}' cannot be read: {(exception.InnerException ?? exception).Message}", exception);
        }
    }

    private static bool IsBelow(string key, string section) =>
        key.StartsWith(section, StringComparison.OrdinalIgnoreCase) && (key.Length == section.Length || key[section.Length] == ':');

    private static async Task<SiloConnection> ConnectAsync(EmbeddedSiloOptions options, SiloAnnouncement silo, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        if (options.Logging is { } logging) logging(builder.Logging);
        builder.UseOrleansClient(client => client.UseLocalhostClustering([silo.GatewayPort], SiloHosting.DefaultCluster, SiloHosting.DefaultCluster));
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken);
            var artifacts = new FolderArtifactStore(Path.Combine(options.DataFolder, "artifacts"), TimeProvider.System);
            return new SiloConnection(host.Services.GetRequiredService<IGrainFactory>(), artifacts, true, new ClientHost(host));
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
