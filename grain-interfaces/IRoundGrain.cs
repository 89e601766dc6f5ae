using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>A round; the key is <c>run/round</c>. Called by its run; every call is idempotent.</summary>
[Alias("freemask.IRoundGrain")]
public interface IRoundGrain : IGrainWithStringKey
{
    /// <summary>Tells the round what it is and whether to work; the first call creates it, later calls only change <paramref name="suspended"/>.</summary>
    /// <param name="assignment">What the round is.</param>
    /// <param name="suspended">True to start nothing new, false to work.</param>
    /// <returns>The round as it stands.</returns>
    [Alias("Reconcile"), AlwaysInterleave]
    Task<RoundReport> Reconcile(RoundAssignment assignment, bool suspended);

    /// <summary>The round as it stands.</summary>
    [Alias("GetReport"), AlwaysInterleave]
    Task<RoundReport> GetReport();

    /// <summary>Tries again what failed, before selection: see <see cref="IRunGrain.Retry"/>.</summary>
    [Alias("Retry")]
    Task Retry(int[]? indices);

    /// <summary>Writes the lists that the round's record names once more: they are made of the samples' records, so one that was lost is there again.</summary>
    [Alias("RestoreLists")]
    Task RestoreLists();

    /// <summary>Removes the records of the round: those of its samples and shards first. Nothing may be at work.</summary>
    [Alias("Remove"), ResponseTimeout("01:00:00")]
    Task Remove();

    /// <summary>Lists samples by index.</summary>
    [Alias("GetSamples"), AlwaysInterleave]
    Task<SamplePage> GetSamples(SampleQuery query);

    /// <summary>The artifacts that the round's own record names.</summary>
    [Alias("GetArtifacts"), AlwaysInterleave]
    Task<RoundArtifacts> GetArtifacts();

    /// <summary>Says that the store has lost writes: the round and everything below it reads its records again, and tells its run.</summary>
    [Alias("StoreLostWrites"), AlwaysInterleave, OneWay]
    Task StoreLostWrites();

    /// <summary>Says that a shard or the trainer has moved. Carries nothing: the round asks.</summary>
    [Alias("NotifyChanged"), AlwaysInterleave, OneWay]
    Task NotifyChanged();
}

/// <summary>What a round is; fixed when it begins.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="Spec">What the run makes.</param>
/// <param name="Round">The round, from 0.</param>
/// <param name="ScoringModel">The previous round's segmenter; null in round 0, which is cross-fitted.</param>
/// <param name="TrainingLists">The lists of kept samples of the rounds before (artifact hashes).</param>
/// <param name="Environment">What the run began in; null where it was not noted.</param>
[GenerateSerializer, Immutable, Alias("freemask.RoundAssignment")]
public sealed record RoundAssignment(
    [property: Id(0)] string Run,
    [property: Id(1)] RunSpec Spec,
    [property: Id(2)] int Round,
    [property: Id(3)] SegmenterModel? ScoringModel,
    [property: Id(4)] ImmutableArray<string> TrainingLists,
    [property: Id(5)] RunEnvironment? Environment = null);

/// <summary>A round's state as its run needs it.</summary>
/// <param name="Status">For display.</param>
/// <param name="TrainingLists">Once selected: the lists of its kept samples (artifact hashes, one a shard).</param>
/// <param name="ManifestParts">Once closed: its piece of the manifest (artifact hashes in order).</param>
/// <param name="Idle">True when nothing of this round is in flight.</param>
[GenerateSerializer, Immutable, Alias("freemask.RoundReport")]
public sealed record RoundReport(
    [property: Id(0)] RoundStatus Status,
    [property: Id(1)] ImmutableArray<string> TrainingLists,
    [property: Id(2)] ImmutableArray<string> ManifestParts,
    [property: Id(3)] bool Idle);

/// <summary>What the record of a round names.</summary>
/// <param name="Hashes">Lists, models and pieces of the manifest.</param>
/// <param name="Donors">The donor snapshot, which names lists of its own; null where there is none.</param>
[GenerateSerializer, Immutable, Alias("freemask.RoundArtifacts")]
public sealed record RoundArtifacts([property: Id(0)] ImmutableArray<string> Hashes, [property: Id(1)] string? Donors);
