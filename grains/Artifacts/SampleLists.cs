using System.Collections.Immutable;
using System.Text.Json;

namespace FreeMask.Grains.Artifacts;

/// <summary>A sample in a list.</summary>
/// <param name="Index">The index within its round.</param>
/// <param name="Class">The class the sample was planned for, 1-20.</param>
/// <param name="Image">The image's hash.</param>
/// <param name="Label">The label map's hash.</param>
internal sealed record ListedSample(int Index, int Class, string Image, string Label);

/// <summary>
/// Lists of samples as artifacts: JSON lines, one a sample, ordered by index. A donor snapshot is an artifact that contains the hashes of
/// the lists of all shards, so that no artifact grows with the round.
/// </summary>
internal static class SampleLists
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Stores a list.</summary>
    public static Task<string> WriteAsync(IArtifactStore store, IEnumerable<ListedSample> samples, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        foreach (var sample in samples)
        {
            JsonSerializer.Serialize(bytes, sample, Json);
            bytes.WriteByte((byte)'\n');
        }

        return store.PutAsync(bytes.ToArray(), cancellationToken);
    }

    /// <summary>Reads lists one after the other.</summary>
    public static async Task<IReadOnlyList<ListedSample>> ReadAsync(
        IArtifactStore store,
        IEnumerable<string> lists,
        CancellationToken cancellationToken
    )
    {
        var samples = new List<ListedSample>();
        foreach (var list in lists)
        {
            var bytes = await store.GetAsync(list, cancellationToken);
            Parse(bytes.Span, samples);
        }

        return samples;
    }

    /// <summary>Stores a donor snapshot.</summary>
    public static Task<string> WriteSnapshotAsync(
        IArtifactStore store,
        IEnumerable<SampleList> lists,
        CancellationToken cancellationToken
    ) => store.PutAsync(JsonSerializer.SerializeToUtf8Bytes(lists.Select(l => new { l.Hash, l.Count }), Json), cancellationToken);

    /// <summary>
    /// Reads a donor snapshot: every masked sample of the round, ordered by index. The result depends on the hash alone, so it may be
    /// cached.
    /// </summary>
    public static async Task<IReadOnlyList<ListedSample>> ReadSnapshotAsync(
        IArtifactStore store,
        string snapshot,
        CancellationToken cancellationToken
    )
    {
        return await ReadAsync(store, await ReadSnapshotListsAsync(store, snapshot, cancellationToken), cancellationToken);
    }

    /// <summary>The hashes of the lists in a donor snapshot.</summary>
    public static async Task<IEnumerable<string>> ReadSnapshotListsAsync(
        IArtifactStore store,
        string snapshot,
        CancellationToken cancellationToken
    )
    {
        var bytes = await store.GetAsync(snapshot, cancellationToken);
        return JsonSerializer.Deserialize<ImmutableArray<SampleList>>(bytes.Span, Json).Select(l => l.Hash);
    }

    private static void Parse(ReadOnlySpan<byte> bytes, List<ListedSample> samples)
    {
        foreach (var line in bytes.Split((byte)'\n'))
        {
            if (bytes[line].IsEmpty) continue;
            samples.Add(
                JsonSerializer.Deserialize<ListedSample>(bytes[line], Json)
                    ?? throw new JsonException("An empty line in a list of samples.")
            );
        }
    }
}
