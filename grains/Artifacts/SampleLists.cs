using System.Collections.Immutable;
using System.Text.Json;

namespace FreeMask.Grains.Artifacts;

/// <summary>A sample as a list names it.</summary>
/// <param name="Index">The index within its round.</param>
/// <param name="Class">The class of its own object, 1-20.</param>
/// <param name="Image">The image's hash.</param>
/// <param name="Label">The label map's hash.</param>
public sealed record ListedSample(int Index, int Class, string Image, string Label);

/// <summary>
/// Lists of samples as artifacts: JSON lines, one a sample, by index. A donor snapshot is one more artifact that names the lists of all
/// shards, so that no artifact grows with the round.
/// </summary>
public static class SampleLists
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Keeps a list.</summary>
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
    public static async Task<IReadOnlyList<ListedSample>> ReadAsync(IArtifactStore store, IEnumerable<string> lists, CancellationToken cancellationToken)
    {
        var samples = new List<ListedSample>();
        foreach (var list in lists)
        {
            var bytes = await store.GetAsync(list, cancellationToken);
            Parse(bytes.Span, samples);
        }

        return samples;
    }

    /// <summary>Keeps a donor snapshot.</summary>
    public static Task<string> WriteSnapshotAsync(IArtifactStore store, IEnumerable<SampleList> lists, CancellationToken cancellationToken) =>
        store.PutAsync(JsonSerializer.SerializeToUtf8Bytes(lists.Select(l => new { l.Hash, l.Count }), Json), cancellationToken);

    /// <summary>Reads a donor snapshot: every masked sample of the round by index. The same hash always gives the same list, so it may be kept.</summary>
    public static async Task<IReadOnlyList<ListedSample>> ReadSnapshotAsync(IArtifactStore store, string snapshot, CancellationToken cancellationToken)
    {
        return await ReadAsync(store, await ReadSnapshotListsAsync(store, snapshot, cancellationToken), cancellationToken);
    }

    /// <summary>The lists that a donor snapshot names (artifact hashes).</summary>
    public static async Task<IEnumerable<string>> ReadSnapshotListsAsync(IArtifactStore store, string snapshot, CancellationToken cancellationToken)
    {
        var bytes = await store.GetAsync(snapshot, cancellationToken);
        return JsonSerializer.Deserialize<ImmutableArray<SampleList>>(bytes.Span, Json).Select(l => l.Hash);
    }

    private static void Parse(ReadOnlySpan<byte> bytes, List<ListedSample> samples)
    {
        foreach (var line in bytes.Split((byte)'\n'))
        {
            if (bytes[line].IsEmpty) continue;
            samples.Add(JsonSerializer.Deserialize<ListedSample>(bytes[line], Json) ?? throw new JsonException("An empty line in a list of samples."));
        }
    }
}
