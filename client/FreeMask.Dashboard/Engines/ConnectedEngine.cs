using FreeMask.Client.Runs;
using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Silos;

namespace FreeMask.Dashboard.Engines;

/// <summary>The engine of a connection.</summary>
internal sealed class ConnectedEngine(SiloConnection connection) : IEngine
{
    public bool IsRemote => connection.IsRemote;

    public bool IsReadOnly => connection.IsReadOnly;

    public bool IsOwnerGone => connection.IsOwnerGone;

    public IGrainFactory Grains => connection.Grains;

    public IRunDirectoryGrain Directory => connection.Grains.GetGrain<IRunDirectoryGrain>(0);

    public IArtifactCollectorGrain Collector => connection.Grains.GetGrain<IArtifactCollectorGrain>(0);

    public IRunGrain Run(string id) => connection.Grains.GetGrain<IRunGrain>(id);

    public Task<ReadOnlyMemory<byte>> ReadArtifactAsync(string hash, CancellationToken stop) => connection.Artifacts.GetAsync(hash, stop);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
