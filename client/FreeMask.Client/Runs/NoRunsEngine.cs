using FreeMask.GrainInterfaces;

namespace FreeMask.Client.Runs;

/// <summary>The engine of a data folder without records: it has no runs and creates nothing.</summary>
/// <param name="hasRecords">Whether the folder has records by now; null if that does not matter.</param>
internal sealed class NoRunsEngine(Func<bool>? hasRecords = null) : IEngine, IRunDirectoryGrain
{
    public bool IsRemote => false;

    public bool IsReadOnly => true;

    public bool IsOwnerGone => hasRecords?.Invoke() ?? false;

    public IGrainFactory Grains => throw new InvalidOperationException("A folder without records has no grains.");

    public IRunDirectoryGrain Directory => this;

    public IArtifactCollectorGrain Collector => throw new InvalidOperationException("A folder without records has no collector.");

    public IRunGrain Run(string id) => throw new FreeMaskException($"There is no run '{id}' in this data folder.");

    public Task<ReadOnlyMemory<byte>> ReadArtifactAsync(string hash, CancellationToken stop) =>
        throw new FreeMaskException($"There is no artifact {hash} in this data folder.");

    public Task Register(string run) => throw new InvalidOperationException("A folder without records is only looked at.");

    public Task Unregister(string run) => Task.CompletedTask;

    public Task<bool> Exists() => Task.FromResult(false);

    public Task<string[]> List() => Task.FromResult<string[]>([]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
