namespace FreeMask.Grains.Artifacts;

/// <summary>
/// Immutable content-addressed storage. Writes are atomic and idempotent: an existing address holds exactly the bytes that hash to it.
/// Safe for concurrent use.
/// </summary>
internal interface IArtifactStore
{
    /// <summary>Stores bytes. Bytes that are already at the address are compared, and replaced if they are damaged.</summary>
    /// <returns>Their sha256: 64 lower-case hexadecimal digits.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be written now, such as a full disk or no connection.</exception>
    Task<string> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Reads bytes and verifies their hash.</summary>
    /// <exception cref="ArtifactLostException">The store does not have it, or what it has is damaged.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read now.</exception>
    Task<ReadOnlyMemory<byte>> GetAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Whether the store has something at this address.</summary>
    Task<bool> ExistsAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Lists the store, in no order. Artifacts stored during the call may be missing.</summary>
    /// <exception cref="ArtifactStoreException">The store cannot be read now.</exception>
    IAsyncEnumerable<StoredArtifact> ListAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Removes an artifact whose last write is before a point in time. A repeated write counts as the last write, because a record may be
    /// about to refer to it.
    /// </summary>
    /// <returns>Whether it was removed.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be changed now.</exception>
    Task<bool> DeleteAsync(string hash, DateTimeOffset putBefore, CancellationToken cancellationToken);
}

/// <summary>An artifact in the store.</summary>
/// <param name="Hash">Its address.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="PutAt">When it was last written.</param>
internal readonly record struct StoredArtifact(string Hash, long Bytes, DateTimeOffset PutAt);

/// <summary>The artifact store cannot be used now; a retry may succeed.</summary>
internal class ArtifactStoreException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>An artifact is missing or damaged, and has to be recomputed from its inputs.</summary>
internal sealed class ArtifactLostException(string hash, string message) : ArtifactStoreException(message)
{
    /// <summary>The address.</summary>
    public string Hash { get; } = hash;
}
