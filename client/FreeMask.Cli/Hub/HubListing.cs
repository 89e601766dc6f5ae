using System.Text.Json;
using FreeMask.Vision;

namespace FreeMask.Cli.Hub;

/// <summary>A file of a repository.</summary>
/// <param name="Path">With forward slashes.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">Of a large file; null for one that the hub keeps in git.</param>
/// <param name="GitHash">SHA-1 of a git blob; null for a large file.</param>
internal sealed record HubFile(string Path, long Size, string? Sha256, string? GitHash);

/// <summary>What a repository holds at a commit.</summary>
/// <param name="Commit">The commit that the revision stands for.</param>
/// <param name="Files">All files.</param>
internal sealed record HubListing(string Commit, IReadOnlyList<HubFile> Files)
{
    /// <summary>Reads the hub's description of a repository with its blobs.</summary>
    /// <exception cref="FreeMaskException">It lacks what is needed.</exception>
    internal static HubListing Parse(string json, HubReference reference)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var files = root.GetProperty("siblings").EnumerateArray().Select(File).ToList();
            return new(root.GetProperty("sha").GetString() ?? throw new JsonException("sha is null"), files);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FreeMaskException($"The hub's description of {reference.Repository} is not understood ({exception.Message}); does HF_ENDPOINT name a model hub?", exception);
        }
    }

    private static HubFile File(JsonElement sibling)
    {
        var path = sibling.GetProperty("rfilename").GetString() ?? throw new JsonException("a file has no name");
        var large = sibling.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object;
        var size = (large ? lfs : sibling).TryGetProperty("size", out var bytes) ? bytes.GetInt64() : 0;
        return new(
            path,
            size,
            large ? lfs.GetProperty("sha256").GetString() : null,
            !large && sibling.TryGetProperty("blobId", out var blob) ? blob.GetString() : null);
    }
}
