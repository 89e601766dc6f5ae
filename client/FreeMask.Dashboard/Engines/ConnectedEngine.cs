using FreeMask.Client.Runs;
using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Silos;

namespace FreeMask.Dashboard.Engines;

/// <summary>The engine of a connection.</summary>
/// <param name="connection">The connection.</param>
/// <param name="folder">The data folder, whose records are read until a process works on it; null for a cluster.</param>
internal sealed class ConnectedEngine(SiloConnection connection, string? folder = null) : IEngine
{
    public bool IsRemote => connection.IsRemote;

    public bool IsReadOnly => connection.IsReadOnly;

    public bool IsOwnerGone =>
        connection.IsOwnerGone
        || (folder is not null && connection is { IsReadOnly: true, IsRemote: false } && DataFolderLock.IsTaken(folder));

    public IGrainFactory Grains => connection.Grains;

    public IRunDirectoryGrain Directory => connection.Grains.GetGrain<IRunDirectoryGrain>(0);

    public IArtifactCollectorGrain Collector => connection.Grains.GetGrain<IArtifactCollectorGrain>(0);

    public IRunGrain Run(string id) => connection.Grains.GetGrain<IRunGrain>(id);

    public Task<ReadOnlyMemory<byte>> ReadArtifactAsync(string hash, CancellationToken stop) => connection.Artifacts.GetAsync(hash, stop);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
