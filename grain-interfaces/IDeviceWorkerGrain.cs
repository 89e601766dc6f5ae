using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>
/// A device; the key is <c>silo@generation/device</c>, and the grain is placed on that silo. Queues work in a bounded queue, executes it
/// in batches, and reports results to samples and shards.
/// </summary>
[Alias("freemask.IDeviceWorkerGrain")]
public interface IDeviceWorkerGrain : IGrainWithStringKey
{
    /// <summary>Queues work. Returns at once: results come by <see cref="ISampleShardGrain.Report"/>.</summary>
    [Alias("Enqueue"), ResponseTimeout("00:00:05")]
    Task<BatchReceipt> Enqueue(BatchRequest order);

    /// <summary>Cancels queued work of a shard that is not in a batch yet.</summary>
    /// <returns>Indices of the samples whose work was canceled.</returns>
    [Alias("CancelQueued"), ResponseTimeout("00:00:05")]
    Task<int[]> CancelQueued(string shard);

    /// <summary>Samples of a shard that the device holds. The answer renews their leases. A device that hangs holds none.</summary>
    [Alias("GetLeasedSamples"), AlwaysInterleave, ResponseTimeout("00:00:05")]
    Task<int[]> GetLeasedSamples(string shard);

    /// <summary>
    /// Takes no more work, gives back queued samples, waits a limited time for running batches, and gives back the samples of those that
    /// did not finish. Called before the silo shuts down.
    /// </summary>
    [Alias("Drain"), ResponseTimeout("01:00:00")]
    Task Drain();
}

/// <summary>A request to execute one stage for samples of one shard.</summary>
/// <param name="Shard">The shard's key, which gets the report.</param>
/// <param name="Run">The run's id.</param>
/// <param name="Spec">What the run makes.</param>
/// <param name="Round">The round.</param>
/// <param name="Stage">The stage.</param>
/// <param name="Donors">The donor snapshot of the round; null before there is one.</param>
/// <param name="ScoringModel">For <see cref="Stage.Score"/>: the scoring model.</param>
/// <param name="Items">The samples.</param>
/// <param name="Epoch">Number of retries of the shard at the time of the request; the report repeats it.</param>
/// <param name="Environment">The run's environment; a silo with another one refuses the request.</param>
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

/// <summary>One sample of a request, with the attempt of its lease.</summary>
/// <param name="Index">The index within the round.</param>
/// <param name="Attempt">The attempt: the fencing token.</param>
/// <param name="Faults">Faults in this state and attempt, as far as the shard knows.</param>
[GenerateSerializer, Immutable, Alias("freemask.WorkItem")]
public readonly record struct WorkItem([property: Id(0)] int Index, [property: Id(1)] int Attempt, [property: Id(2)] int Faults = 0);

/// <summary>The answer to a request.</summary>
/// <param name="Taken">How many items were queued, from the front; there was no room for the others.</param>
/// <param name="Outstanding">Samples that the device has now, queued or in batches, of all shards.</param>
/// <param name="Refusal">Why the device takes no work of this run; null if it does.</param>
[GenerateSerializer, Immutable, Alias("freemask.BatchReceipt")]
public readonly record struct BatchReceipt(
    [property: Id(0)] int Taken,
    [property: Id(1)] int Outstanding,
    [property: Id(2)] string? Refusal = null
);

/// <summary>Results of a batch.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Samples">The samples' progress.</param>
/// <param name="Seconds">Duration of the batch in seconds.</param>
/// <param name="Unfinished">Indices without a result (the device stops, or a store failed); they may be assigned again.</param>
/// <param name="Error">A fault of the model, which stops the shard; null if there is none.</param>
/// <param name="Worker">The device's key.</param>
/// <param name="Epoch">The epoch of the request: an error from before a retry does not stop the shard.</param>
/// <param name="Outstanding">Samples that the device still has, queued or in batches, of all shards.</param>
/// <param name="Problem">Why samples are unfinished, such as a full disk, to show to users; null otherwise.</param>
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
