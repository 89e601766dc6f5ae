using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>
/// A device; the key is <c>silo@generation/device</c>, and the grain lives on that silo as long as its process does. Takes work into a bounded
/// queue, does it in batches, and reports to samples and shards.
/// </summary>
[Alias("freemask.IDeviceWorkerGrain")]
public interface IDeviceWorkerGrain : IGrainWithStringKey
{
    /// <summary>Takes work. Returns at once: results come by <see cref="ISampleShardGrain.Report"/>.</summary>
    [Alias("Enqueue"), ResponseTimeout("00:00:05")]
    Task<BatchReceipt> Enqueue(BatchRequest order);

    /// <summary>Gives back what a shard queued and no batch has taken yet.</summary>
    /// <returns>Indices of the samples given back.</returns>
    [Alias("CancelQueued"), ResponseTimeout("00:00:05")]
    Task<int[]> CancelQueued(string shard);

    /// <summary>
    /// Samples of a shard that the device has and has not given up: their leases are renewed by this answer. A device that hangs has none.
    /// </summary>
    [Alias("GetLeasedSamples"), AlwaysInterleave, ResponseTimeout("00:00:05")]
    Task<int[]> GetLeasedSamples(string shard);

    /// <summary>
    /// Takes no more work, gives back what waits, lets batches under way finish for a while, and gives back what did not. The silo calls this
    /// before it leaves.
    /// </summary>
    [Alias("Drain"), ResponseTimeout("01:00:00")]
    Task Drain();
}

/// <summary>Work of one kind on samples of one shard.</summary>
/// <param name="Shard">The shard's key: where results go.</param>
/// <param name="Run">The run's id.</param>
/// <param name="Spec">What the run makes.</param>
/// <param name="Round">The round.</param>
/// <param name="Stage">The work.</param>
/// <param name="Donors">The donor snapshot of the round; null before there is one.</param>
/// <param name="ScoringModel">For <see cref="Stage.Score"/>: the scoring model.</param>
/// <param name="Items">The samples.</param>
/// <param name="Epoch">How often the shard had been told to retry when it gave the order; the report says it again.</param>
/// <param name="Environment">What the run began in; a silo of another one refuses the order.</param>
[GenerateSerializer, Immutable, Alias("freemask.BatchRequest")]
public sealed record BatchRequest(
    [property: Id(0)] string Shard,
    [property: Id(1)] string Run,
    [property: Id(2)] RunSpec Spec,
    [property: Id(3)] int Round,
    [property: Id(4)] Stage Stage,
    [property: Id(5)] string? Donors,
    [property: Id(6)] SegmenterModel? ScoringModel,
    [property: Id(7)] ImmutableArray<WorkItem> Items,
    [property: Id(8)] int Epoch = 0,
    [property: Id(9)] RunEnvironment? Environment = null);

/// <summary>One sample to work on, and the attempt that the lease is for.</summary>
/// <param name="Index">The index within the round.</param>
/// <param name="Attempt">The attempt: the fencing token.</param>
/// <param name="Faults">Faults met at this stage and attempt, as far as the shard knows.</param>
[GenerateSerializer, Immutable, Alias("freemask.WorkItem")]
public readonly record struct WorkItem([property: Id(0)] int Index, [property: Id(1)] int Attempt, [property: Id(2)] int Faults = 0);

/// <summary>What became of an order.</summary>
/// <param name="Taken">How many items were taken, from the front; the others found no room.</param>
/// <param name="Outstanding">Samples that the device has now, waiting or in batches, whoever gave them.</param>
/// <param name="Refusal">Why the device takes no work of this run at all; null where it does.</param>
[GenerateSerializer, Immutable, Alias("freemask.BatchReceipt")]
public readonly record struct BatchReceipt([property: Id(0)] int Taken, [property: Id(1)] int Outstanding, [property: Id(2)] string? Refusal = null);

/// <summary>Results of a batch.</summary>
/// <param name="Stage">The work.</param>
/// <param name="Samples">The samples as they stand.</param>
/// <param name="Seconds">Seconds that the batch took.</param>
/// <param name="Unfinished">Indices that were given up without a result (the device stops, or a store failed); they may be ordered again.</param>
/// <param name="Error">A fault of the model: the shard stops. Null when there is none.</param>
/// <param name="Worker">The device's key.</param>
/// <param name="Epoch">The epoch of the order: an error from before a retry stops nothing.</param>
/// <param name="Outstanding">Samples that the device still has, waiting or in batches, whoever gave them.</param>
/// <param name="Problem">Why samples are unfinished, where that is for a user to know, such as a full disk; null otherwise.</param>
[GenerateSerializer, Immutable, Alias("freemask.BatchReport")]
public sealed record BatchReport(
    [property: Id(0)] Stage Stage,
    [property: Id(1)] ImmutableArray<SampleProgress> Samples,
    [property: Id(2)] double Seconds,
    [property: Id(3)] ImmutableArray<int> Unfinished,
    [property: Id(4)] string? Error,
    [property: Id(5)] string Worker,
    [property: Id(6)] int Epoch = 0,
    [property: Id(7)] int Outstanding = 0,
    [property: Id(8)] string? Problem = null);
