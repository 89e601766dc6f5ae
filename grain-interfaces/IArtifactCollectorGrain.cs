using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>
/// Removes artifacts that no record names any more: what a rejected attempt, a late result, an old checkpoint or a cancelled round left behind.
/// One grain, key 0.
/// </summary>
[Alias("freemask.IArtifactCollectorGrain")]
public interface IArtifactCollectorGrain : IGrainWithIntegerKey
{
    /// <summary>Begins a collection, unless one is under way. Returns at once.</summary>
    /// <param name="grace">How old an artifact must be to be removed: longer than the time from its making to the record that names it. Null takes the configured one, or none where no run is at work.</param>
    /// <param name="countOnly">True to count what would be removed, and remove nothing.</param>
    [Alias("Collect")]
    Task Collect(TimeSpan? grace = null, bool countOnly = false);

    /// <summary>The collection that is under way, or the last one.</summary>
    [Alias("GetReport"), AlwaysInterleave]
    Task<CollectionReport> GetReport();
}

/// <summary>A collection of artifacts.</summary>
[GenerateSerializer, Immutable, Alias("freemask.CollectionReport")]
public sealed record CollectionReport
{
    /// <summary>Whether it is under way.</summary>
    [Id(0)] public bool Running { get; init; }

    /// <summary>Artifacts that records name.</summary>
    [Id(1)] public long Named { get; init; }

    /// <summary>Artifacts that the store had.</summary>
    [Id(2)] public long Found { get; init; }

    /// <summary>Artifacts removed, or that would be where they are only counted.</summary>
    [Id(3)] public long Removed { get; init; }

    /// <summary>Their bytes.</summary>
    [Id(4)] public long RemovedBytes { get; init; }

    /// <summary>Why it was given up; null where it was not. Nothing is removed before every record was read.</summary>
    [Id(5)] public string? Error { get; init; }

    /// <summary>When it ended (UTC); null while it is under way, and before the first.</summary>
    [Id(6)] public DateTimeOffset? EndedAt { get; init; }
}
