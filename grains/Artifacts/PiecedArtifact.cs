using System.Collections.Immutable;
using System.Text.Json;

namespace FreeMask.Grains.Artifacts;

/// <summary>
/// Content of any length as artifacts: one artifact where it fits into a piece, else pieces and an artifact that lists them. Records that
/// refer to it name the pieces too, so that the collection keeps them.
/// </summary>
/// <param name="Artifact">The hash of the content, or of the list of its pieces.</param>
/// <param name="Pieces">The hashes of the pieces in order; empty where the content is one artifact.</param>
internal sealed record PiecedArtifact(string Artifact, ImmutableArray<string> Pieces)
{
    /// <summary>Bytes of a piece. Writing holds one of them, reading a few.</summary>
    public const int PieceSize = 64 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Stores content that is written as a stream.</summary>
    /// <param name="store">The store.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="pieceSize">Bytes of a piece.</param>
    /// <param name="stop">Cancels between pieces.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be written now.</exception>
    public static async Task<PiecedArtifact> WriteAsync(
        IArtifactStore store,
        Func<Stream, Task> write,
        int pieceSize,
        CancellationToken stop
    )
    {
        var stream = new PieceWriteStream(store, pieceSize, stop);
        await using (stream.ConfigureAwait(false))
        {
            await write(stream);
            var pieces = await stream.CompleteAsync();
            if (pieces.Length == 1) return new PiecedArtifact(pieces[0], []);
            var list = new PieceList(stream.Length, pieceSize, pieces);
            return new PiecedArtifact(await store.PutAsync(JsonSerializer.SerializeToUtf8Bytes(list, Json), stop), pieces);
        }
    }

    /// <summary>Opens it for reading.</summary>
    /// <exception cref="ArtifactLostException">The store has lost it.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read now.</exception>
    public async Task<PieceReader> OpenAsync(IArtifactStore store, CancellationToken stop)
    {
        var first = await store.GetAsync(Artifact, stop);
        if (Pieces.IsDefaultOrEmpty)
            return new PieceReader(store, new PieceList(first.Length, Math.Max(1, first.Length), [Artifact]), first);
        var list =
            JsonSerializer.Deserialize<PieceList>(first.Span, Json)
            ?? throw new ArtifactLostException(Artifact, $"The artifact {Artifact} is no list of pieces.");
        return new PieceReader(store, list, null);
    }
}

/// <summary>The artifact that lists pieces.</summary>
/// <param name="Length">Bytes of the content.</param>
/// <param name="PieceSize">Bytes of each piece but the last.</param>
/// <param name="Pieces">Their hashes in order.</param>
internal sealed record PieceList(long Length, int PieceSize, ImmutableArray<string> Pieces);
