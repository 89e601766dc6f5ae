using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>
/// Garbage collection of artifacts that no record refers to, left behind by rejected attempts, late results, old checkpoints and cancelled
/// rounds. One grain, key 0.
/// </summary>
[Alias("freemask.IArtifactCollectorGrain")]
public interface IArtifactCollectorGrain : IGrainWithIntegerKey
{
    /// <summary>Starts a collection unless one is running. Returns at once.</summary>
    /// <param name="grace">Minimum age of an artifact that is removed: longer than the time between storing it and writing the record that
    /// refers to it. Null takes the configured age, or zero while no run is active.</param>
    /// <param name="countOnly">True to count without removing.</param>
    [Alias("Collect")]
    Task Collect(TimeSpan? grace = null, bool countOnly = false);

    /// <summary>The running collection, or the last one.</summary>
    [Alias("GetReport"), AlwaysInterleave]
    Task<CollectionReport> GetReport();
}

/// <summary>A collection of artifacts.</summary>
[GenerateSerializer, Immutable, Alias("freemask.CollectionReport")]
public sealed record CollectionReport
{
    /// <summary>Whether it is running.</summary>
    [Id(0)] public bool Running { get; init; }

    /// <summary>Artifacts that records refer to.</summary>
    [Id(1)] public long Named { get; init; }

    /// <summary>Artifacts in the store.</summary>
    [Id(2)] public long Found { get; init; }

    /// <summary>Artifacts removed, or to be removed if they are only counted.</summary>
    [Id(3)] public long Removed { get; init; }

    /// <summary>Their bytes.</summary>
    [Id(4)] public long RemovedBytes { get; init; }

    /// <summary>Why it stopped; null if it did not. Nothing is removed before every record was read.</summary>
    [Id(5)] public string? Error { get; init; }

    /// <summary>When it ended (UTC); null while it is running, and before the first.</summary>
    [Id(6)] public DateTimeOffset? EndedAt { get; init; }
}
