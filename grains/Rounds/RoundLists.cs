using System.Collections.Immutable;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Rounds;

/// <summary>
/// Writes the lists of a round's samples. No device works meanwhile, so shards write concurrently; only a few, because each reads all its
/// samples.
/// </summary>
/// <param name="shards">The shards, which write their parts.</param>
/// <param name="artifacts">The store of the lists.</param>
internal sealed class RoundLists(RoundShards shards, IArtifactStore artifacts)
{
    /// <summary>Writes a list of each shard.</summary>
    /// <returns>The lists in the order of the shards; null if a sample is behind its shard's ledger.</returns>
    public async Task<IReadOnlyList<SampleList>?> WriteAsync(RoundRecord record, SampleListKind kind)
    {
        var lists = await Fanout.CallAsync(shards.Of(record), s => s.Shard.WriteList(s.Desired, kind), RoundShards.ReadingAtATime);
        return lists.Contains(null) ? null : [.. lists.Select(l => l!)];
    }

    /// <summary>Writes the donor snapshot.</summary>
    /// <returns>Its hash; null if a sample is behind its shard's ledger.</returns>
    public async Task<string?> WriteDonorsAsync(RoundRecord record) => await WriteAsync(record, SampleListKind.Donors) is { } lists
        ? await SampleLists.WriteSnapshotAsync(artifacts, lists, CancellationToken.None)
        : null;

    /// <summary>Writes the round's parts of the manifest: its own line, and a part of each shard.</summary>
    /// <returns>Their hashes; null if a sample is behind its shard's ledger.</returns>
    public async Task<ImmutableArray<string>?> WriteManifestAsync(RoundRecord record)
    {
        var header = await artifacts.PutAsync(Manifest.RoundLine(record.Assignment.Round, record.Decision), CancellationToken.None);
        return await WriteAsync(record, SampleListKind.Manifest) is { } lists ? [header, .. lists.Select(p => p.Hash)] : null;
    }

    /// <summary>Writes the lists again that a record refers to.</summary>
    public async Task RestoreAsync(RoundRecord record)
    {
        if (record.Donors is not null) await WriteDonorsAsync(record);
        if (!record.Candidates.IsDefaultOrEmpty) await WriteAsync(record, SampleListKind.Candidates);
        if (!record.KeptLists.IsDefaultOrEmpty) await WriteAsync(record, SampleListKind.Kept);
        if (!record.ManifestParts.IsDefaultOrEmpty) await WriteManifestAsync(record);
    }
}
