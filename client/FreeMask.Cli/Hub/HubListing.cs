using System.Text.Json;

namespace FreeMask.Cli.Hub;

/// <summary>A file of a repository.</summary>
/// <param name="Path">With forward slashes.</param>
/// <param name="Size">In bytes; null if the hub does not state it.</param>
/// <param name="Sha256">SHA-256 of a large file; null for a file that the hub keeps in git, and if the hub does not state it.</param>
/// <param name="GitHash">SHA-1 of a git blob; null for a large file.</param>
internal sealed record HubFile(string Path, long? Size, string? Sha256, string? GitHash);

/// <summary>The files of a repository at a commit.</summary>
/// <param name="Commit">The commit of the revision.</param>
/// <param name="Files">All files.</param>
internal sealed record HubListing(string Commit, IReadOnlyList<HubFile> Files)
{
    /// <summary>Parses the hub's description of a repository with its blobs.</summary>
    /// <exception cref="FreeMaskException">Required properties are absent.</exception>
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
            throw new FreeMaskException(
                $"The hub's description of {reference.Repository} is not understood ({exception.Message}); does HF_ENDPOINT name a model "
                    + "hub?",
                exception
            );
        }
    }

    /// <summary>Whether a path stays in the folder that it is joined to, on every system.</summary>
    internal static bool StaysInside(string path) =>
        path.Length > 0 && !path.Contains(':', StringComparison.Ordinal) && !path.Any(char.IsControl)
        && path.Split('/', '\\').All(part => part is not ("" or "." or ".."));

    private static HubFile File(JsonElement sibling)
    {
        var path = sibling.GetProperty("rfilename").GetString() ?? throw new JsonException("a file has no name");
        if (!StaysInside(path)) throw new JsonException($"it lists '{path}', which is no path inside of a repository");
        var large = sibling.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object;
        var size =
            (large ? lfs : sibling).TryGetProperty("size", out var bytes) && bytes.ValueKind == JsonValueKind.Number
                ? bytes.GetInt64()
                : (long?)null;
        return new(
            path,
            size,
            large ? Text(lfs, "sha256") : null,
            large ? null : Text(sibling, "blobId"));
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
