using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Artifacts;

namespace FreeMask.Silo.Tests.Fakes;

/// <summary>A folder of artifacts with injected faults.</summary>
internal sealed class FaultyArtifacts(FolderArtifactStore inner) : IArtifactStore
{
    private int _puts, _gets;

    /// <summary>Called before each write with its number; an exception fails the write.</summary>
    public Action<int> BeforePut { get; set; } = _ => { };

    /// <summary>Called before each read with the hash and the number of the read.</summary>
    public Action<string, int> BeforeGet { get; set; } = (_, _) => { };

    /// <summary>The underlying folder.</summary>
    public FolderArtifactStore Inner => inner;

    public Task<string> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        BeforePut(Interlocked.Increment(ref _puts));
        return inner.PutAsync(bytes, cancellationToken);
    }

    public Task<ReadOnlyMemory<byte>> GetAsync(string hash, CancellationToken cancellationToken)
    {
        BeforeGet(hash, Interlocked.Increment(ref _gets));
        return inner.GetAsync(hash, cancellationToken);
    }

    public Task<bool> ExistsAsync(string hash, CancellationToken cancellationToken) => inner.ExistsAsync(hash, cancellationToken);

    public IAsyncEnumerable<StoredArtifact> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);

    public Task<bool> DeleteAsync(string hash, DateTimeOffset putBefore, CancellationToken cancellationToken) =>
        inner.DeleteAsync(hash, putBefore, cancellationToken);
}
