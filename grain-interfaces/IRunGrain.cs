using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>A run; the key is its id (<c>a-z 0-9 . - _</c>). Calls that change it are durable and idempotent.</summary>
[Alias("freemask.IRunGrain")]
public interface IRunGrain : IGrainWithStringKey
{
    /// <summary>Starts the run; does nothing if the same run was started before, whatever its state.</summary>
    /// <param name="spec">What to make.</param>
    /// <exception cref="RunRejectedException">The specification is not valid, or another one was started under this id.</exception>
    [Alias("Start")]
    Task Start(RunSpec spec);

    /// <summary>The status; <see cref="RunState.Unknown"/> if no run was started under this id.</summary>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<RunStatus> GetStatus();

    /// <summary>The specification; null if no run was started under this id.</summary>
    [Alias("GetSpec"), AlwaysInterleave]
    Task<RunSpec?> GetSpec();

    /// <summary>Pauses the run: no new work starts, and work in flight is finished. Does nothing if the run is not running.</summary>
    /// <param name="reason">Why, for the status.</param>
    [Alias("Pause")]
    Task Pause(string reason);

    /// <summary>Resumes a paused run, and activates a run whose process died. Does nothing if the run has ended or failed.</summary>
    [Alias("Resume")]
    Task Resume();

    /// <summary>Cancels the run; closed rounds stay. Does nothing if the run has ended.</summary>
    /// <param name="reason">Why, for the status.</param>
    [Alias("Cancel")]
    Task Cancel(string reason);

    /// <summary>
    /// Retries what failed: the error that stopped the run, and quarantined samples of the open round, all or the given ones. Closed
    /// rounds never change. A paused run resumes in the same step, so that a pause that follows holds.
    /// </summary>
    /// <param name="indices">Indices of quarantined samples of the open round; null for all.</param>
    [Alias("Retry")]
    Task Retry(int[]? indices = null);

    /// <summary>Lists samples of a round by index.</summary>
    [Alias("GetSamples"), AlwaysInterleave]
    Task<SamplePage> GetSamples(SampleQuery query);

    /// <summary>
    /// States, attempts and scores of all samples of a round, by shard: what filters and live views need without reading records.
    /// </summary>
    /// <param name="round">The round, from 0.</param>
    /// <param name="known">The versions that the caller has, by shard; null, or a shorter list, where it has none.</param>
    /// <returns>The shards whose version differs; none for a round that was not started.</returns>
    [Alias("GetSampleStates"), AlwaysInterleave]
    Task<ImmutableArray<ShardStates>> GetSampleStates(int round, ImmutableArray<string?> known);

    /// <summary>The artifacts that the run's own records refer to, for the artifact collector.</summary>
    [Alias("GetArtifacts"), AlwaysInterleave]
    Task<RunArtifacts> GetArtifacts();

    /// <summary>
    /// Removes an inactive run: the records of its samples, rounds and trainings, then its own. Its artifacts are removed by the next
    /// collection. If it is interrupted, call it again.
    /// </summary>
    /// <exception cref="RunRejectedException">The run is active, or there is none.</exception>
    [Alias("Remove"), ResponseTimeout("01:00:00")]
    Task Remove();

    /// <summary>
    /// Recomputes a lost artifact of a sample: the same work on the same inputs gives the same bytes. Takes as long as the work.
    /// </summary>
    /// <param name="round">The sample's round.</param>
    /// <param name="index">The sample's index.</param>
    /// <param name="hash">The artifact's address.</param>
    /// <returns>Whether the store has it again.</returns>
    [Alias("RestoreArtifact"), AlwaysInterleave, ResponseTimeout("00:30:00")]
    Task<bool> RestoreArtifact(int round, int index, string hash);

    /// <summary>Notifies the run that a round has changed. Carries no data: the run reads the round.</summary>
    [Alias("NotifyChanged"), AlwaysInterleave, OneWay]
    Task NotifyChanged();

    /// <summary>Notifies the run that the store has lost writes: the run reads its record again.</summary>
    [Alias("StoreLostWrites"), AlwaysInterleave, OneWay]
    Task StoreLostWrites();
}

/// <summary>The artifacts that the records of a run refer to.</summary>
/// <param name="Hashes">Artifacts of the run itself and of its trainings.</param>
/// <param name="Rounds">The number of rounds, from 0, that refer to artifacts too: all that were started; of a cancelled run those that
/// are closed.</param>
[GenerateSerializer, Immutable, Alias("freemask.RunArtifacts")]
public sealed record RunArtifacts([property: Id(0)] ImmutableArray<string> Hashes, [property: Id(1)] int Rounds);

/// <summary>The list of runs of a cluster or data folder; one grain, key 0.</summary>
[Alias("freemask.IRunDirectoryGrain")]
public interface IRunDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>Adds a run; does nothing if it is listed.</summary>
    [Alias("Register")]
    Task Register(string run);

    /// <summary>All runs, oldest first.</summary>
    [Alias("List")]
    Task<string[]> List();

    /// <summary>Whether the record of the list exists, even if empty. If not, no run was ever started, or the store has lost it.</summary>
    [Alias("Exists")]
    Task<bool> Exists();

    /// <summary>Removes a run from the list.</summary>
    [Alias("Unregister")]
    Task Unregister(string run);
}
