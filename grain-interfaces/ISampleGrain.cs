using System.Collections.Immutable;

namespace FreeMask.GrainInterfaces;

/// <summary>A sample; the key is <c>run/round/index</c>. Its record is authoritative; transitions are guarded and idempotent.</summary>
[Alias("freemask.ISampleGrain")]
public interface ISampleGrain : IGrainWithStringKey
{
    /// <summary>The record; null before the first transition.</summary>
    [Alias("Get")]
    Task<SampleRecord?> Get();

    /// <summary>The record as read from the storage; null if there is none. For shards whose ledger is ahead of the record.</summary>
    [Alias("Reload")]
    Task<SampleRecord?> Reload();

    /// <summary>Applies the result of a stage. Results of another state or attempt are ignored.</summary>
    /// <returns>The record afterwards.</returns>
    [Alias("Complete")]
    Task<SampleRecord> Complete(StageCompletion completion);

    /// <summary>
    /// For the second use of a drawing: takes what the stages before composition made of the drawing, or is quarantined where they could
    /// not. Changes nothing while the drawing is not masked yet, or after it was taken.
    /// </summary>
    /// <param name="plan">The plan of the second use.</param>
    /// <param name="drawing">The record of the drawing.</param>
    /// <returns>The record afterwards.</returns>
    [Alias("TakeDrawing")]
    Task<SampleRecord> TakeDrawing(SamplePlan plan, SampleRecord drawing);

    /// <summary>Applies selection: Scored becomes Kept or Dropped.</summary>
    /// <returns>The record afterwards; null if there is none.</returns>
    [Alias("Decide")]
    Task<SampleRecord?> Decide(bool kept);

    /// <summary>Removes the record.</summary>
    [Alias("Remove")]
    Task Remove();

    /// <summary>Puts a quarantined sample back into the state in which it failed, with a new count of attempts.</summary>
    /// <returns>The record afterwards.</returns>
    [Alias("Retry")]
    Task<SampleRecord> Retry();
}

/// <summary>The part of a sample's record that its shard needs.</summary>
/// <param name="Index">The index within the round.</param>
/// <param name="State">The state.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Faults">Faults in this state and attempt.</param>
/// <param name="Score">The score in millionths, or -1.</param>
/// <param name="Failure">Why it was last rejected, faulted or quarantined.</param>
/// <param name="Objects">The number of its objects, once it is composed.</param>
/// <param name="IsSecondUse">Whether it takes the image of another sample, and with it that sample's attempt.</param>
[GenerateSerializer, Immutable, Alias("freemask.SampleProgress")]
public sealed record SampleProgress(
    [property: Id(0)] int Index,
    [property: Id(1)] SampleState State,
    [property: Id(2)] int Attempt,
    [property: Id(3)] int Faults,
    [property: Id(4)] int Score,
    [property: Id(5)] string? Failure,
    [property: Id(6)] byte Objects = 1,
    [property: Id(7)] bool IsSecondUse = false);

/// <summary>How a stage ended for a sample.</summary>
[GenerateSerializer, Alias("freemask.StageResult")]
public enum StageResult : byte
{
    /// <summary>The next state is reached.</summary>
    Done = 0,

    /// <summary>The mask was rejected: the sample starts again with the next attempt.</summary>
    Rejected = 1,

    /// <summary>
    /// The sample faulted: it is retried with the same random streams, and quarantined after the maximum number of attempts.
    /// </summary>
    Fault = 2,
}

/// <summary>The result of a stage for a sample. Its artifacts are stored before it is sent.</summary>
[GenerateSerializer, Immutable, Alias("freemask.StageCompletion")]
public sealed record StageCompletion
{
    /// <summary>The stage.</summary>
    [Id(0)] public required Stage Stage { get; init; }

    /// <summary>The attempt that the work belongs to.</summary>
    [Id(1)] public required int Attempt { get; init; }

    /// <summary>Number of faults before this work: distinguishes a new fault from a repeated report.</summary>
    [Id(2)] public required int Faults { get; init; }

    /// <summary>How it ended.</summary>
    [Id(3)] public required StageResult Result { get; init; }

    /// <summary>The sample's plan; stored with the first result.</summary>
    [Id(4)] public required SamplePlan Plan { get; init; }

    /// <summary>Artifacts.</summary>
    [Id(5)] public ImmutableArray<ArtifactReference> Artifacts { get; init; } = [];

    /// <summary>Numbers about the result.</summary>
    [Id(6)] public ImmutableArray<SampleFact> Facts { get; init; } = [];

    /// <summary>The score in [0, 1]; only for <see cref="Stage.Score"/>.</summary>
    [Id(7)] public double? Score { get; init; }

    /// <summary>Why it was rejected or faulted.</summary>
    [Id(8)] public string? Reason { get; init; }

    /// <summary>Seconds of work for this sample.</summary>
    [Id(9)] public double Seconds { get; init; }

    /// <summary>The maximum number of attempts.</summary>
    [Id(10)] public required int MaxAttempts { get; init; }

    /// <summary>The scoring model's hash; only for <see cref="Stage.Score"/>.</summary>
    [Id(11)] public string? ScoringModel { get; init; }

    /// <summary>When the work ended, by the clock of the device's silo, in milliseconds since 1970 (UTC); 0 if that is not known.</summary>
    [Id(12)] public long EndedAtMilliseconds { get; init; }

    /// <summary>The places that were tried for each pasted object; only for <see cref="Stage.Compose"/>.</summary>
    [Id(13)] public ImmutableArray<ObjectPlaces> Places { get; init; } = [];
}
