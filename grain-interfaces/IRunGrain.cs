using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>A run; the key is its id (<c>a-z 0-9 . - _</c>). Everything a user does to a run is a call here; all of it is durable and may be repeated.</summary>
[Alias("freemask.IRunGrain")]
public interface IRunGrain : IGrainWithStringKey
{
    /// <summary>Starts the run; does nothing where the same run was started before, whatever its state.</summary>
    /// <param name="spec">What to make.</param>
    /// <exception cref="RunRejectedException">The specification is not valid, or another one was started under this id.</exception>
    [Alias("Start")]
    Task Start(RunSpec spec);

    /// <summary>The run as it stands; <see cref="RunState.Unknown"/> where none was started.</summary>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<RunStatus> GetStatus();

    /// <summary>What the run was started with; null where none was.</summary>
    [Alias("GetSpec"), AlwaysInterleave]
    Task<RunSpec?> GetSpec();

    /// <summary>Stops starting new work; what is in flight is finished. Does nothing to a run that does not run.</summary>
    /// <param name="reason">Why, for the status.</param>
    [Alias("Pause")]
    Task Pause(string reason);

    /// <summary>Goes on after a pause, and wakes a run whose process died. Does nothing to a run that has ended or failed.</summary>
    [Alias("Resume")]
    Task Resume();

    /// <summary>Ends the run for good; what is closed stays. Does nothing to a run that has ended.</summary>
    /// <param name="reason">Why, for the status.</param>
    [Alias("Cancel")]
    Task Cancel(string reason);

    /// <summary>
    /// Tries again what failed: the error that stopped the run, and quarantined samples of the open round, all of them or those named.
    /// Closed rounds never change.
    /// </summary>
    /// <param name="indices">Indices of quarantined samples of the open round; null for all.</param>
    [Alias("Retry")]
    Task Retry(int[]? indices = null);

    /// <summary>Lists samples of a round by index.</summary>
    [Alias("GetSamples"), AlwaysInterleave]
    Task<SamplePage> GetSamples(SampleQuery query);

    /// <summary>The artifacts that the run's own records name, for the collector of those that nothing names.</summary>
    [Alias("GetArtifacts"), AlwaysInterleave]
    Task<RunArtifacts> GetArtifacts();

    /// <summary>
    /// Removes a run that is not at work: the records of its samples, rounds and trainings, and then its own. Its artifacts go with the next collection. Interrupted,
    /// it is called again.
    /// </summary>
    /// <exception cref="RunRejectedException">The run is at work, or there is none.</exception>
    [Alias("Remove"), ResponseTimeout("01:00:00")]
    Task Remove();

    /// <summary>Makes an artifact of a sample again that the store lost: the same work on the same inputs makes the same bytes. Takes as long as the work.</summary>
    /// <param name="round">The sample's round.</param>
    /// <param name="index">The sample's index.</param>
    /// <param name="hash">The artifact's address.</param>
    /// <returns>Whether the store has it again.</returns>
    [Alias("RestoreArtifact"), AlwaysInterleave, ResponseTimeout("00:30:00")]
    Task<bool> RestoreArtifact(int round, int index, string hash);

    /// <summary>Says that a round has moved. Carries nothing: the run asks the round.</summary>
    [Alias("NotifyChanged"), AlwaysInterleave, OneWay]
    Task NotifyChanged();

    /// <summary>Says that the store has lost writes: the run reads its record again.</summary>
    [Alias("StoreLostWrites"), AlwaysInterleave, OneWay]
    Task StoreLostWrites();
}

/// <summary>What the records of a run name.</summary>
/// <param name="Hashes">Artifacts of the run itself and of its trainings.</param>
/// <param name="Rounds">How many of its rounds, from 0, name artifacts too: all that were begun; of a cancelled run those that are closed.</param>
[GenerateSerializer, Immutable, Alias("freemask.RunArtifacts")]
public sealed record RunArtifacts([property: Id(0)] ImmutableArray<string> Hashes, [property: Id(1)] int Rounds);

/// <summary>The list of runs of a cluster or data folder; one grain, key 0.</summary>
[Alias("freemask.IRunDirectoryGrain")]
public interface IRunDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>Adds a run; does nothing where it is listed.</summary>
    [Alias("Register")]
    Task Register(string run);

    /// <summary>All runs, oldest first.</summary>
    [Alias("List")]
    Task<string[]> List();

    /// <summary>Whether there is a list, which may be empty; where there is none, no run was ever started, or the store has lost it.</summary>
    [Alias("Exists")]
    Task<bool> Exists();

    /// <summary>Takes a run off the list.</summary>
    [Alias("Unregister")]
    Task Unregister(string run);
}
