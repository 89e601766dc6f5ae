using System.Collections.Immutable;

namespace FreeMask.GrainInterfaces;

/// <summary>A sample; the key is <c>run/round/index</c>. Its record is the truth about it: a transition is compare-and-set and repeating it does nothing.</summary>
[Alias("freemask.ISampleGrain")]
public interface ISampleGrain : IGrainWithStringKey
{
    /// <summary>The record; null where nothing has happened yet.</summary>
    [Alias("Get")]
    Task<SampleRecord?> Get();

    /// <summary>The record as the storage has it now; null where it has none. Asked where more is known of the sample than it says.</summary>
    [Alias("Reload")]
    Task<SampleRecord?> Reload();

    /// <summary>Takes the result of a piece of work. Results of an attempt or stage that is over are ignored.</summary>
    /// <returns>The record as it stands afterwards.</returns>
    [Alias("Complete")]
    Task<SampleRecord> Complete(StageCompletion completion);

    /// <summary>Carries out selection: Scored becomes Kept or Dropped.</summary>
    /// <returns>The record as it stands afterwards; null where there is none.</returns>
    [Alias("Decide")]
    Task<SampleRecord?> Decide(bool kept);

    /// <summary>Removes the record.</summary>
    [Alias("Remove")]
    Task Remove();

    /// <summary>Puts a quarantined sample back to where it failed, with a fresh count of tries.</summary>
    /// <returns>The record as it stands afterwards.</returns>
    [Alias("Retry")]
    Task<SampleRecord> Retry();
}

/// <summary>A sample's state as its shard needs it.</summary>
/// <param name="Index">The index within the round.</param>
/// <param name="State">The stage.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Faults">Faults at this stage and attempt.</param>
/// <param name="Score">The score in millionths, or -1.</param>
/// <param name="Failure">Why it was last rejected, faulted or quarantined.</param>
[GenerateSerializer, Immutable, Alias("freemask.SampleProgress")]
public sealed record SampleProgress(
    [property: Id(0)] int Index,
    [property: Id(1)] SampleState State,
    [property: Id(2)] int Attempt,
    [property: Id(3)] int Faults,
    [property: Id(4)] int Score,
    [property: Id(5)] string? Failure);

/// <summary>How a piece of work on a sample ended.</summary>
[GenerateSerializer, Alias("freemask.StageResult")]
public enum StageResult : byte
{
    /// <summary>The stage is reached.</summary>
    Done = 0,

    /// <summary>The mask broke a rule: the sample starts again with the next attempt's seeds.</summary>
    Rejected = 1,

    /// <summary>The sample could not be worked on: it is tried again with the same seeds, and quarantined in the end.</summary>
    Fault = 2,
}

/// <summary>The result of a piece of work on a sample. Its artifacts are in the store before it is sent.</summary>
[GenerateSerializer, Immutable, Alias("freemask.StageCompletion")]
public sealed record StageCompletion
{
    /// <summary>The work.</summary>
    [Id(0)] public required Stage Stage { get; init; }

    /// <summary>The attempt that the work belongs to.</summary>
    [Id(1)] public required int Attempt { get; init; }

    /// <summary>Faults before this work: tells one fault from its repetition.</summary>
    [Id(2)] public required int Faults { get; init; }

    /// <summary>How it ended.</summary>
    [Id(3)] public required StageResult Result { get; init; }

    /// <summary>The sample's plan; kept by the first completion.</summary>
    [Id(4)] public required SamplePlan Plan { get; init; }

    /// <summary>What was made.</summary>
    [Id(5)] public ImmutableArray<ArtifactReference> Artifacts { get; init; } = [];

    /// <summary>Small numbers about the work.</summary>
    [Id(6)] public ImmutableArray<SampleFact> Facts { get; init; } = [];

    /// <summary>The score in [0, 1]; only for <see cref="Stage.Score"/>.</summary>
    [Id(7)] public double? Score { get; init; }

    /// <summary>Why it was rejected or faulted.</summary>
    [Id(8)] public string? Reason { get; init; }

    /// <summary>Seconds of work for this sample.</summary>
    [Id(9)] public double Seconds { get; init; }

    /// <summary>How often a sample may be tried.</summary>
    [Id(10)] public required int MaxAttempts { get; init; }

    /// <summary>The scoring model's hash; only for <see cref="Stage.Score"/>.</summary>
    [Id(11)] public string? ScoringModel { get; init; }
}
