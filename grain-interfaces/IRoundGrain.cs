using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>A round; the key is <c>run/round</c>. Called by its run; every call is idempotent.</summary>
[Alias("freemask.IRoundGrain")]
public interface IRoundGrain : IGrainWithStringKey
{
    /// <summary>Sets the desired state; the first call creates the round, later calls only change <paramref name="suspended"/>.</summary>
    /// <param name="assignment">The assignment.</param>
    /// <param name="suspended">True to start no new work.</param>
    /// <returns>The round's report.</returns>
    [Alias("Reconcile"), AlwaysInterleave]
    Task<RoundReport> Reconcile(RoundAssignment assignment, bool suspended);

    /// <summary>The round's report.</summary>
    [Alias("GetReport"), AlwaysInterleave]
    Task<RoundReport> GetReport();

    /// <summary>Retries what failed, before selection: see <see cref="IRunGrain.Retry"/>.</summary>
    [Alias("Retry")]
    Task Retry(int[]? indices);

    /// <summary>
    /// Writes the lists again that the round's record refers to. They are made from the samples' records, so that a lost one is restored.
    /// </summary>
    [Alias("RestoreLists")]
    Task RestoreLists();

    /// <summary>Removes the records of the round, those of its samples and shards first. No work may be in flight.</summary>
    [Alias("Remove"), ResponseTimeout("01:00:00")]
    Task Remove();

    /// <summary>Lists samples by index.</summary>
    [Alias("GetSamples"), AlwaysInterleave]
    Task<SamplePage> GetSamples(SampleQuery query);

    /// <summary>States, attempts and scores of all samples, by shard. Read-only.</summary>
    /// <param name="known">The versions that the caller has, by shard; null, or a shorter list, where it has none.</param>
    /// <returns>The shards whose version differs.</returns>
    [Alias("GetSampleStates"), AlwaysInterleave]
    Task<ImmutableArray<ShardStates>> GetSampleStates(ImmutableArray<string?> known);

    /// <summary>The artifacts that the round's own record refers to.</summary>
    [Alias("GetArtifacts"), AlwaysInterleave]
    Task<RoundArtifacts> GetArtifacts();

    /// <summary>
    /// Notifies the round that the store has lost writes: it and everything below it reads its records again, and the run is notified.
    /// </summary>
    [Alias("StoreLostWrites"), AlwaysInterleave, OneWay]
    Task StoreLostWrites();

    /// <summary>Notifies the round that a shard or the trainer has changed. Carries no data: the round reads it.</summary>
    [Alias("NotifyChanged"), AlwaysInterleave, OneWay]
    Task NotifyChanged();
}

/// <summary>The assignment of a round; fixed when it starts.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="Spec">What the run makes.</param>
/// <param name="Round">The round, from 0.</param>
/// <param name="ScoringModel">The previous round's segmenter; null in round 0, which is cross-fitted.</param>
/// <param name="TrainingLists">The lists of kept samples of earlier rounds (artifact hashes).</param>
/// <param name="Environment">The run's environment; null if it was not recorded.</param>
[GenerateSerializer, Immutable, Alias("freemask.RoundAssignment")]
public sealed record RoundAssignment(
    [property: Id(0)] string Run,
    [property: Id(1)] RunSpec Spec,
    [property: Id(2)] int Round,
    [property: Id(3)] SegmenterModel? ScoringModel,
    [property: Id(4)] ImmutableArray<string> TrainingLists,
    [property: Id(5)] RunEnvironment? Environment = null);

/// <summary>A round's report to its run.</summary>
/// <param name="Status">For display.</param>
/// <param name="TrainingLists">After selection: the lists of its kept samples (artifact hashes, one for each shard).</param>
/// <param name="ManifestParts">Once closed: its parts of the manifest (artifact hashes in order).</param>
/// <param name="Idle">True when no work of this round is in flight.</param>
[GenerateSerializer, Immutable, Alias("freemask.RoundReport")]
public sealed record RoundReport(
    [property: Id(0)] RoundStatus Status,
    [property: Id(1)] ImmutableArray<string> TrainingLists,
    [property: Id(2)] ImmutableArray<string> ManifestParts,
    [property: Id(3)] bool Idle);

/// <summary>The artifacts that the record of a round refers to.</summary>
/// <param name="Hashes">Lists, models and parts of the manifest.</param>
/// <param name="Donors">The donor snapshot, which refers to lists of its own; null if there is none.</param>
[GenerateSerializer, Immutable, Alias("freemask.RoundArtifacts")]
public sealed record RoundArtifacts([property: Id(0)] ImmutableArray<string> Hashes, [property: Id(1)] string? Donors);
