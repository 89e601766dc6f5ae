using FreeMask.Grains.Artifacts;
using FreeMask.Silo.Artifacts;

namespace FreeMask.Silo.Hosting;

/// <summary>
/// The grains of a data folder, wherever they live: in the process that uses the folder now, reached over loopback, or else in a silo
/// embedded here. Either way the calls are the same.
/// </summary>
public sealed class SiloConnection : IAsyncDisposable
{
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

    /// <summary>Closes the connection, or stops the embedded silo.</summary>
    public ValueTask DisposeAsync() => _owner.DisposeAsync();

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
