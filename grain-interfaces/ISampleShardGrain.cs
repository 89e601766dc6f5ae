using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>
/// About 1,000 samples of a round; the key is <c>run/round/shard</c>. Assigns a bounded number of them to devices at a time and keeps
/// their state in compact arrays. Called by its round and, with results, by device workers; every call is idempotent.
/// </summary>
[Alias("freemask.ISampleShardGrain")]
public interface ISampleShardGrain : IGrainWithStringKey
{
    /// <summary>Sets the desired state.</summary>
    /// <returns>The shard's report.</returns>
    [Alias("Reconcile"), AlwaysInterleave]
    Task<ShardReport> Reconcile(ShardDesiredState order);

    /// <summary>The shard's report, read from its records if it is not active. Read-only.</summary>
    /// <param name="order">The desired state.</param>
    [Alias("GetReport"), AlwaysInterleave]
    Task<ShardReport> GetReport(ShardDesiredState order);

    /// <summary>Applies results of a device. After a lost report the leases expire.</summary>
    [Alias("Report"), OneWay]
    Task Report(BatchReport report);

    /// <summary>The scores of all samples, for selection.</summary>
    /// <param name="order">The desired state, which stays as it is.</param>
    /// <returns>The scores; null if a sample is behind its known state: reconcile the shard, then ask again.</returns>
    [Alias("GetScores")]
    Task<ShardScores?> GetScores(ShardDesiredState order);

    /// <summary>Carries out the selection: every scored sample becomes kept or dropped.</summary>
    /// <param name="order">The desired state, which stays as it is.</param>
    /// <param name="thresholds">The threshold of each class.</param>
    /// <returns>The kept samples and the report afterwards; null if a sample is behind its known state: reconcile the shard, then ask
    /// again.</returns>
    [Alias("Select")]
    Task<ShardSelection?> Select(ShardDesiredState order, ImmutableArray<SelectionThreshold> thresholds);

    /// <summary>Writes a list of samples to the artifact store.</summary>
    /// <param name="order">The desired state, which stays as it is.</param>
    /// <param name="kind">Which samples, and what of them.</param>
    /// <returns>The list's hash and length; null if a sample is behind its known state: reconcile the shard, then ask again.</returns>
    [Alias("WriteList")]
    Task<SampleList?> WriteList(ShardDesiredState order, SampleListKind kind);

    /// <summary>Has the shard compare its ledger with the stored records of its samples, after the store has lost writes.</summary>
    [Alias("Verify"), AlwaysInterleave, OneWay]
    Task Verify();

    /// <summary>Puts quarantined samples back into the state in which they failed.</summary>
    /// <param name="order">The desired state, which stays as it is.</param>
    /// <param name="indices">Indices within the round, which stand for the second uses of these samples too; null for all.</param>
    [Alias("Retry")]
    Task Retry(ShardDesiredState order, int[]? indices);

    /// <summary>Removes the records of the samples, then the shard's own. No work may be in flight.</summary>
    [Alias("Remove"), ResponseTimeout("00:30:00")]
    Task Remove(ShardDesiredState order);

    /// <summary>Lists samples by index; the desired state stays as it is.</summary>
    [Alias("GetSamples"), AlwaysInterleave]
    Task<SamplePage> GetSamples(SampleQuery query, ShardDesiredState order);

    /// <summary>States, attempts and scores of all samples; the desired state stays as it is. Read-only.</summary>
    /// <param name="order">The desired state.</param>
    /// <param name="known">The <see cref="ShardStates.Version"/> that the caller has; null for none.</param>
    /// <returns>The states; null if they are those of <paramref name="known"/>.</returns>
    [Alias("GetStates"), AlwaysInterleave]
    Task<ShardStates?> GetStates(ShardDesiredState order, string? known);
}

/// <summary>The desired state of a shard.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="Spec">What the run makes.</param>
/// <param name="Round">The round.</param>
/// <param name="First">The index of the first sample.</param>
/// <param name="Count">Number of samples.</param>
/// <param name="Target">The state to reach and to wait in.</param>
/// <param name="Suspended">True to start no new work.</param>
/// <param name="Donors">The donor snapshot (artifact hash), once all samples were masked.</param>
/// <param name="ScoringModels">Weights hashes of the scoring models: one for each fold in round 0, one later.</param>
/// <param name="Environment">The run's environment; null if it was not recorded.</param>
[GenerateSerializer, Immutable, Alias("freemask.ShardDesiredState")]
public sealed record ShardDesiredState(
    [property: Id(0)] string Run,
    [property: Id(1)] RunSpec Spec,
    [property: Id(2)] int Round,
    [property: Id(3)] int First,
    [property: Id(4)] int Count,
    [property: Id(5)] SampleState Target,
    [property: Id(6)] bool Suspended,
    [property: Id(7)] string? Donors,
    [property: Id(8)] ImmutableArray<SegmenterModel> ScoringModels,
    [property: Id(9)] RunEnvironment? Environment = null)
{
    /// <summary>The state in which samples wait that take objects of others; null where all go on to <see cref="Target"/>.</summary>
    [Id(10)] public SampleState? Held { get; init; }

    /// <summary>Which samples of one object donate, by their scores; default where all masked samples do.</summary>
    [Id(11)] public ImmutableArray<SelectionThreshold> DonorThresholds { get; init; }

    /// <summary>Whether second uses of drawings wait, planned, because the donors are not known yet.</summary>
    [Id(12)] public bool HoldsSecondUses { get; init; }
}

/// <summary>A shard's report to its round.</summary>
/// <param name="Counts">How many samples have reached each state.</param>
/// <param name="Settled">Samples that have reached the target or are quarantined.</param>
/// <param name="InFlight">Samples with a lease.</param>
/// <param name="Seconds">Device seconds per stage.</param>
/// <param name="Failures">Rejections and faults by reason.</param>
/// <param name="Error">The error that stops the shard; null if there is none.</param>
/// <param name="Notes">Messages for users that do not stop the shard, such as devices that may not work on the run.</param>
/// <param name="Waits">What the shard waits for because its steps fail, for users; null where they do not.</param>
[GenerateSerializer, Immutable, Alias("freemask.ShardReport")]
public sealed record ShardReport(
    [property: Id(0)] StateCounts Counts,
    [property: Id(1)] int Settled,
    [property: Id(2)] int InFlight,
    [property: Id(3)] StageSeconds Seconds,
    [property: Id(4)] ImmutableArray<FailureGroup> Failures,
    [property: Id(5)] string? Error,
    [property: Id(7)] ImmutableArray<string> Notes = default,
    [property: Id(8)] string? Waits = null);

/// <summary>The result of a selection in a shard.</summary>
/// <param name="Kept">The list of kept samples, as <see cref="ISampleShardGrain.WriteList"/> writes it.</param>
/// <param name="Report">The report right afterwards; a later activation may have to read its records first.</param>
[GenerateSerializer, Immutable, Alias("freemask.ShardSelection")]
public sealed record ShardSelection([property: Id(0)] SampleList Kept, [property: Id(1)] ShardReport Report);

/// <summary>Scores of a shard's samples in the order of their index.</summary>
/// <param name="First">The index of the first.</param>
/// <param name="Scores">Millionths; -1 for a sample without score (quarantined).</param>
/// <param name="Objects">The number of objects of each sample.</param>
[GenerateSerializer, Immutable, Alias("freemask.ShardScores")]
public sealed record ShardScores([property: Id(0)] int First, [property: Id(1)] int[] Scores, [property: Id(2)] byte[] Objects);

/// <summary>The samples of a shard in a few bytes each, in the order of their index.</summary>
/// <param name="Shard">The shard within the round, from 0.</param>
/// <param name="First">The index of the first sample within the round.</param>
/// <param name="Version">Changes with every change of the other values; only equality has a meaning.</param>
/// <param name="States">A <see cref="SampleState"/> for each sample.</param>
/// <param name="Attempts">The attempt of each sample.</param>
/// <param name="Scores">The score of each sample in millionths; -1 where there is none.</param>
/// <param name="InWork">Indices within the round of the samples that a device has now, ascending.</param>
/// <param name="Objects">The number of objects of each sample.</param>
[GenerateSerializer, Immutable, Alias("freemask.ShardStates")]
public sealed record ShardStates(
    [property: Id(0)] int Shard,
    [property: Id(1)] int First,
    [property: Id(2)] string Version,
    [property: Id(3)] byte[] States,
    [property: Id(4)] ushort[] Attempts,
    [property: Id(5)] int[] Scores,
    [property: Id(6)] int[] InWork,
    [property: Id(7)] byte[] Objects)
{
    /// <summary>The key of the device that has each sample of <see cref="InWork"/>; null from silos that do not tell.</summary>
    [Id(8)] public string[]? InWorkDevices { get; init; }
}

/// <summary>Kinds of lists.</summary>
[GenerateSerializer, Alias("freemask.SampleListKind")]
public enum SampleListKind : byte
{
    /// <summary>Masked samples, with image and label: the donors of composition.</summary>
    Donors = 0,

    /// <summary>Harmonized samples, with final image and label: training data of fold models.</summary>
    Candidates = 1,

    /// <summary>Kept samples, with final image and label: training data of the segmenter.</summary>
    Kept = 2,

    /// <summary>All samples as lines of the manifest.</summary>
    Manifest = 3,
}

/// <summary>A list in the artifact store.</summary>
/// <param name="Hash">Its hash.</param>
/// <param name="Count">Its length.</param>
[GenerateSerializer, Immutable, Alias("freemask.SampleList")]
public sealed record SampleList([property: Id(0)] string Hash, [property: Id(1)] int Count);
