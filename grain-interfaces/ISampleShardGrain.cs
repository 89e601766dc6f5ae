using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>
/// About a thousand samples of a round; the key is <c>run/round/shard</c>. Admits a bounded window of them to the devices and keeps their
/// state in compact arrays. Called by its round and, with results, by device workers; every call is idempotent.
/// </summary>
[Alias("freemask.ISampleShardGrain")]
public interface ISampleShardGrain : IGrainWithStringKey
{
    /// <summary>Tells the shard what it holds and how far to bring it.</summary>
    /// <returns>The shard as it stands.</returns>
    [Alias("Reconcile"), AlwaysInterleave]
    Task<ShardReport> Reconcile(ShardDesiredState order);

    /// <summary>The shard as it stands, read from its records where it is at rest; changes nothing, and writes nothing.</summary>
    /// <param name="order">What the shard holds.</param>
    [Alias("GetReport"), AlwaysInterleave]
    Task<ShardReport> GetReport(ShardDesiredState order);

    /// <summary>Takes results of a device. A lost report is made up for by the lease.</summary>
    [Alias("Report"), OneWay]
    Task Report(BatchReport report);

    /// <summary>The scores of all samples, for selection.</summary>
    /// <param name="order">What the shard holds; changes nothing.</param>
    /// <returns>The scores; null where a sample is not as far as it was known to be: drive the shard, then ask again.</returns>
    [Alias("GetScores")]
    Task<ShardScores?> GetScores(ShardDesiredState order);

    /// <summary>Carries out the round's cut: every scored sample becomes kept or dropped.</summary>
    /// <param name="order">What the shard holds; changes nothing.</param>
    /// <param name="cuts">The cut of each class.</param>
    /// <returns>What was kept, and the shard as it stands then; null where a sample is not as far as it was known to be: drive the shard, then ask again.</returns>
    [Alias("Select")]
    Task<ShardSelection?> Select(ShardDesiredState order, ImmutableArray<SelectionThreshold> cuts);

    /// <summary>Writes a list of samples to the artifact store.</summary>
    /// <param name="order">What the shard holds; changes nothing.</param>
    /// <param name="kind">Which samples, and what of them.</param>
    /// <returns>The list's hash and length; null where a sample is not as far as it was known to be: drive the shard, then ask again.</returns>
    [Alias("WriteList")]
    Task<SampleList?> WriteList(ShardDesiredState order, SampleListKind kind);

    /// <summary>Has the shard compare what it knows with its samples' records in the store, which may have lost writes.</summary>
    [Alias("Verify"), AlwaysInterleave, OneWay]
    Task Verify();

    /// <summary>Puts quarantined samples back to where they failed.</summary>
    /// <param name="order">What the shard holds; changes nothing.</param>
    /// <param name="indices">Indices within the round; null for all.</param>
    [Alias("Retry")]
    Task Retry(ShardDesiredState order, int[]? indices);

    /// <summary>Removes the records of the samples, and then the shard's own. Nothing may be at work.</summary>
    [Alias("Remove"), ResponseTimeout("00:30:00")]
    Task Remove(ShardDesiredState order);

    /// <summary>Lists samples by index; the order says what the shard holds, and changes nothing.</summary>
    [Alias("GetSamples"), AlwaysInterleave]
    Task<SamplePage> GetSamples(SampleQuery query, ShardDesiredState order);
}

/// <summary>What a shard holds and how far to bring it.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="Spec">What the run makes.</param>
/// <param name="Round">The round.</param>
/// <param name="First">The index of the first sample.</param>
/// <param name="Count">How many samples.</param>
/// <param name="Target">The stage to reach and to wait at.</param>
/// <param name="Suspended">True to start nothing new.</param>
/// <param name="Donors">The donor snapshot (artifact hash), from the time when all samples were masked.</param>
/// <param name="ScoringModels">Weights hashes of the scoring models: one a fold in round 0, one later.</param>
/// <param name="Environment">What the run began in; null where it was not noted.</param>
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
    [property: Id(9)] RunEnvironment? Environment = null);

/// <summary>A shard as its round needs it.</summary>
/// <param name="Counts">How many samples came how far.</param>
/// <param name="Settled">Samples that have reached the target or are quarantined.</param>
/// <param name="InFlight">Samples that a device has.</param>
/// <param name="Seconds">Device seconds per stage.</param>
/// <param name="Failures">Rejections and faults by reason.</param>
/// <param name="Error">The one error that stops the shard; null when there is none.</param>
/// <param name="Selected">True when the cut is carried out.</param>
/// <param name="Notes">What a user should know though it stops nothing, such as devices that may not work for the run.</param>
[GenerateSerializer, Immutable, Alias("freemask.ShardReport")]
public sealed record ShardReport(
    [property: Id(0)] StateCounts Counts,
    [property: Id(1)] int Settled,
    [property: Id(2)] int InFlight,
    [property: Id(3)] StageSeconds Seconds,
    [property: Id(4)] ImmutableArray<FailureGroup> Failures,
    [property: Id(5)] string? Error,
    [property: Id(6)] bool Selected,
    [property: Id(7)] ImmutableArray<string> Notes = default);

/// <summary>A cut that is carried out.</summary>
/// <param name="Kept">The list of kept samples, as <see cref="ISampleShardGrain.WriteList"/> writes it.</param>
/// <param name="Report">The shard right after; a shard that is asked later may have lost its memory.</param>
[GenerateSerializer, Immutable, Alias("freemask.ShardSelection")]
public sealed record ShardSelection([property: Id(0)] SampleList Kept, [property: Id(1)] ShardReport Report);

/// <summary>Scores of a shard's samples in the order of their index.</summary>
/// <param name="First">The index of the first.</param>
/// <param name="Scores">Millionths; -1 for a sample without score (quarantined).</param>
[GenerateSerializer, Immutable, Alias("freemask.ShardScores")]
public sealed record ShardScores([property: Id(0)] int First, [property: Id(1)] int[] Scores);

/// <summary>Which samples a list holds, and what it says of them.</summary>
[GenerateSerializer, Alias("freemask.SampleListKind")]
public enum SampleListKind : byte
{
    /// <summary>Masked samples, with image and label: the donors of composition.</summary>
    Donors = 0,

    /// <summary>Harmonized samples, with final image and label: what fold models learn from.</summary>
    Candidates = 1,

    /// <summary>Kept samples, with final image and label: what the segmenter learns from.</summary>
    Kept = 2,

    /// <summary>All samples with everything that the run decided about them: the manifest.</summary>
    Manifest = 3,
}

/// <summary>A list in the artifact store.</summary>
/// <param name="Hash">Its address.</param>
/// <param name="Count">Its length.</param>
[GenerateSerializer, Immutable, Alias("freemask.SampleList")]
public sealed record SampleList([property: Id(0)] string Hash, [property: Id(1)] int Count);
