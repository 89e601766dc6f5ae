using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using FreeMask.Grains.Artifacts;

namespace FreeMask.Hosting.Artifacts;

/// <summary>
/// Artifacts as blobs of one container: <c>ab/abcd...</c>. A blob is only written if there is none, and is stored completely or not at
/// all. Reads verify the hash; a damaged blob is deleted, so that it can be stored again.
/// </summary>
internal sealed class BlobArtifactStore(BlobContainerClient container) : IArtifactStore
{
    private volatile bool _prepared;

    /// <inheritdoc/>
    public async Task<string> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var hash = ArtifactHash.Of(bytes.Span);
        var blob = BlobOf(hash);
        try
        {
            await PrepareAsync(cancellationToken);
            await blob.UploadAsync(
                BinaryData.FromBytes(bytes),
                new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } },
                cancellationToken
            );
            return hash;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.BlobAlreadyExists || exception.Status == 412)
        {
            // Reading a damaged blob deletes it.
            return await IsWholeAsync(hash, cancellationToken) && await TryTouchAsync(blob, cancellationToken)
                ? hash
                : await PutAsync(bytes, cancellationToken);
        }
        catch (Exception exception) when (IsStoreFailure(exception, cancellationToken))
        {
            throw Unusable(exception);
        }
    }

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>> GetAsync(string hash, CancellationToken cancellationToken)
    {
        var blob = BlobOf(hash);
        try
        {
            var content = (await blob.DownloadContentAsync(cancellationToken)).Value;
            var bytes = content.Content.ToMemory();
            if (ArtifactHash.Of(bytes.Span) == hash) return bytes;
            await blob.DeleteIfExistsAsync(
                DeleteSnapshotsOption.IncludeSnapshots,
                new BlobRequestConditions { IfMatch = content.Details.ETag },
                cancellationToken
            );
            throw new ArtifactLostException(hash, $"The artifact {hash} in '{container.Name}' is damaged; it was deleted.");
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            throw new ArtifactLostException(hash, $"The artifact {hash} is not in '{container.Name}'.");
        }
        catch (Exception exception) when (IsStoreFailure(exception, cancellationToken))
        {
            throw Unusable(exception);
        }
    }

    private async Task<bool> IsWholeAsync(string hash, CancellationToken cancellationToken)
    {
        try
        {
            await GetAsync(hash, cancellationToken);
            return true;
        }
        catch (ArtifactLostException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> ExistsAsync(string hash, CancellationToken cancellationToken)
    {
        try
        {
            return await BlobOf(hash).ExistsAsync(cancellationToken);
        }
        catch (Exception exception) when (IsStoreFailure(exception, cancellationToken))
        {
            throw Unusable(exception);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredArtifact> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var blobs = container
            .GetBlobsAsync(BlobTraits.None, BlobStates.None, null, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(blobs, cancellationToken))
        {
            var (name, properties) = (blobs.Current.Name.Split('/')[^1], blobs.Current.Properties);
            if (ArtifactHash.IsValid(name))
                yield return new StoredArtifact(name, properties.ContentLength ?? 0, properties.LastModified ?? DateTimeOffset.MaxValue);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string hash, DateTimeOffset putBefore, CancellationToken cancellationToken)
    {
        try
        {
            var unwanted = new BlobRequestConditions { IfUnmodifiedSince = putBefore };
            return await BlobOf(hash).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, unwanted, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 412)
        {
            return false;
        }
        catch (Exception exception) when (IsStoreFailure(exception, cancellationToken))
        {
            throw Unusable(exception);
        }
    }

    private async Task<bool> NextAsync(IAsyncEnumerator<BlobItem> blobs, CancellationToken cancellationToken)
    {
        try
        {
            return await blobs.MoveNextAsync();
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return false;
        }
        catch (Exception exception) when (IsStoreFailure(exception, cancellationToken))
        {
            throw Unusable(exception);
        }
    }

    /// <summary>Updates the write time of a blob, so that it is not collected; false if it does not exist.</summary>
    private async Task<bool> TryTouchAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            await blob.SetMetadataAsync(new Dictionary<string, string>(), cancellationToken: cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return false;
        }
        catch (Exception exception) when (IsStoreFailure(exception, cancellationToken))
        {
            throw Unusable(exception);
        }
    }

    private static bool IsStoreFailure(Exception exception, CancellationToken cancellationToken) =>
        exception is RequestFailedException or AggregateException or IOException or Azure.Identity.AuthenticationFailedException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private BlobClient BlobOf(string hash) => ArtifactHash.IsValid(hash)
        ? container.GetBlobClient($"{hash[..2]}/{hash}")
        : throw new ArgumentException($"'{hash}' is not an artifact's address.", nameof(hash));

    /// <summary>Creates the container once. An identity without the right to create it is accepted if the container exists.</summary>
    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (_prepared) return;
        try
        {
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 403)
        {
            // If the container is absent, writes report it.
        }

        _prepared = true;
    }

    private ArtifactStoreException Unusable(Exception exception) =>
        new($"The blob container '{container.Name}' of {container.Uri.Host} cannot be used: {exception.Message.Split('\n')[0]}", exception);
}
