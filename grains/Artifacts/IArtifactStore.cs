namespace FreeMask.Grains.Artifacts;

/// <summary>
/// Immutable bytes by the address of their content. Putting is atomic and may be repeated: an address that exists holds exactly the bytes
/// that hash to it. Safe for concurrent use.
/// </summary>
public interface IArtifactStore
{
    /// <summary>Keeps bytes. What is at their address already is compared with them, and replaced where it was damaged.</summary>
    /// <returns>Their sha256: 64 lower-case hexadecimal digits.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot take them now (disk full, away).</exception>
    Task<string> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Reads what <see cref="PutAsync"/> kept, and checks it against its address.</summary>
    /// <exception cref="ArtifactLostException">The store does not have it, or what it has is damaged.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read now.</exception>
    Task<ReadOnlyMemory<byte>> GetAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Whether the store has something at this address.</summary>
    Task<bool> ExistsAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Lists what the store has, in no order; what is put meanwhile may be missing.</summary>
    /// <exception cref="ArtifactStoreException">The store cannot be read now.</exception>
    IAsyncEnumerable<StoredArtifact> ListAsync(CancellationToken cancellationToken);

    /// <summary>Removes an artifact that was last put before a moment. Putting it again counts: it may just have been named.</summary>
    /// <returns>Whether it was removed.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be changed now.</exception>
    Task<bool> DeleteAsync(string hash, DateTimeOffset putBefore, CancellationToken cancellationToken);
}

/// <summary>An artifact as the store has it.</summary>
/// <param name="Hash">Its address.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="PutAt">When it was last put.</param>
public readonly record struct StoredArtifact(string Hash, long Bytes, DateTimeOffset PutAt);

/// <summary>The artifact store cannot be used now; trying again later may help.</summary>
public class ArtifactStoreException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>An artifact is missing or damaged: what it was made from must be worked on again.</summary>
public sealed class ArtifactLostException(string hash, string message) : ArtifactStoreException(message)
{
    /// <summary>The address.</summary>
    public string Hash { get; } = hash;
}
