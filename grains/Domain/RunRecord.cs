using System.Collections.Immutable;

namespace FreeMask.Grains.Domain;

/// <summary>
/// The durable record of a run and its transitions. Each transition is idempotent; one that does not apply returns the same record.
/// </summary>
[GenerateSerializer, Immutable, Alias("freemask.RunRecord")]
internal sealed record RunRecord
{
    /// <summary>What the run makes.</summary>
    [Id(0)] public required RunSpec Spec { get; init; }

    /// <summary>The state.</summary>
    [Id(1)] public RunState State { get; init; } = RunState.Running;

    /// <summary>Why it is paused, cancelled or failed.</summary>
    [Id(2)] public string? Reason { get; init; }

    /// <summary>When it was started.</summary>
    [Id(3)] public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    [Id(4)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The closed rounds, in order.</summary>
    [Id(5)] public ImmutableArray<RoundReport> Closed { get; init; } = [];

    /// <summary>The manifest's hash, once complete.</summary>
    [Id(6)] public string? ManifestHash { get; init; }

    /// <summary>The hashes of the parts of the manifest, once complete.</summary>
    [Id(7)] public ImmutableArray<string> ManifestParts { get; init; } = [];

    /// <summary>The environment that the run is bound to; null before the first device was found.</summary>
    [Id(8)] public RunEnvironment? Environment { get; init; }

    /// <summary>Whether the state is final.</summary>
    public bool Ended => State is RunState.Completed or RunState.Cancelled;

    /// <summary>Whether every round is closed.</summary>
    public bool AllClosed => Closed.Length == Spec.Rounds;

    /// <summary>The artifacts that this record refers to.</summary>
    public IEnumerable<string> Artifacts =>
        ManifestParts.Concat(Closed.SelectMany(c => c.TrainingLists.Concat(c.ManifestParts).Concat(c.Status.Segmenter?.Hashes ?? [])));

    /// <summary>The assignment of the open round, from the results of the rounds before it.</summary>
    public RoundAssignment OpenRound(string run) =>
        new(
            run,
            Spec,
            Closed.Length,
            Closed.IsEmpty ? null : Closed[^1].Status.Segmenter,
            [.. Closed.SelectMany(c => c.TrainingLists)],
            Environment
        );

    /// <summary>Sets the environment. The first one stays.</summary>
    public RunRecord BeginIn(RunEnvironment environment) => Environment is null ? this with { Environment = environment } : this;

    /// <summary>Pauses the run.</summary>
    public RunRecord Pause(string reason) => State == RunState.Running ? this with { State = RunState.Paused, Reason = reason } : this;

    /// <summary>Ends a pause.</summary>
    public RunRecord Resume() => State == RunState.Paused ? this with { State = RunState.Running, Reason = null } : this;

    /// <summary>Cancels the run.</summary>
    public RunRecord Cancel(string reason, DateTimeOffset now) =>
        Ended ? this : this with { State = RunState.Cancelled, Reason = reason, EndedAt = now };

    /// <summary>Records an error that stops the run. A paused run stays paused.</summary>
    public RunRecord Fail(string reason) => State == RunState.Running ? this with { State = RunState.Failed, Reason = reason } : this;

    /// <summary>Clears the error, or ends a pause.</summary>
    public RunRecord Retry() => State == RunState.Failed ? this with { State = RunState.Running, Reason = null } : Resume();

    /// <summary>Records a closed round. Rounds close in order, each once.</summary>
    public RunRecord CloseRound(RoundReport report) =>
        Ended || report.Status.Round != Closed.Length ? this : this with { Closed = Closed.Add(report) };

    /// <summary>Completes the run: every round is closed and the manifest is written.</summary>
    public RunRecord Complete(string manifestHash, ImmutableArray<string> manifestParts, DateTimeOffset now) =>
        Ended || !AllClosed
            ? this
            : this with
            {
                State = RunState.Completed,
                Reason = null,
                ManifestHash = manifestHash,
                ManifestParts = manifestParts,
                EndedAt = now,
            };
}
