using System.Collections.Immutable;

namespace FreeMask.Grains.Domain;

/// <summary>A run as one durable record, and what may be done to it. Each change may be repeated; one that does not apply changes nothing.</summary>
[GenerateSerializer, Immutable, Alias("freemask.RunRecord")]
internal sealed record RunRecord
{
    /// <summary>What the run makes.</summary>
    [Id(0)] public required RunSpec Spec { get; init; }

    /// <summary>What it is doing.</summary>
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

    /// <summary>The manifest's pieces, once complete.</summary>
    [Id(7)] public ImmutableArray<string> ManifestParts { get; init; } = [];

    /// <summary>What the run began in; null before it has found a device.</summary>
    [Id(8)] public RunEnvironment? Environment { get; init; }

    /// <summary>Whether nothing can change any more.</summary>
    public bool Ended => State is RunState.Completed or RunState.Cancelled;

    /// <summary>Whether every round is closed.</summary>
    public bool AllClosed => Closed.Length == Spec.Rounds;

    /// <summary>The artifacts that this record names.</summary>
    public IEnumerable<string> Artifacts => ManifestParts.Concat(Closed.SelectMany(c => c.TrainingLists.Concat(c.ManifestParts).Concat(c.Status.Segmenter?.Hashes ?? [])));

    /// <summary>The open round's assignment: what the rounds before it left.</summary>
    public RoundAssignment OpenRound(string run) => new(
        run, Spec, Closed.Length, Closed.IsEmpty ? null : Closed[^1].Status.Segmenter, [.. Closed.SelectMany(c => c.TrainingLists)], Environment);

    /// <summary>The environment is found; the first one stays.</summary>
    public RunRecord BeginIn(RunEnvironment environment) => Environment is null ? this with { Environment = environment } : this;

    /// <summary>A pause.</summary>
    public RunRecord Pause(string reason) => State == RunState.Running ? this with { State = RunState.Paused, Reason = reason } : this;

    /// <summary>The end of a pause.</summary>
    public RunRecord Resume() => State == RunState.Paused ? this with { State = RunState.Running, Reason = null } : this;

    /// <summary>The user's end.</summary>
    public RunRecord Cancel(string reason, DateTimeOffset now) =>
        Ended ? this : this with { State = RunState.Cancelled, Reason = reason, EndedAt = now };

    /// <summary>An error that stops the run. A run that was told to rest keeps resting.</summary>
    public RunRecord Fail(string reason) => State == RunState.Running ? this with { State = RunState.Failed, Reason = reason } : this;

    /// <summary>The end of a failure.</summary>
    public RunRecord Retry() => State == RunState.Failed ? this with { State = RunState.Running, Reason = null } : this;

    /// <summary>A round is closed. Rounds close in order, each once.</summary>
    public RunRecord CloseRound(RoundReport report) => Ended || report.Status.Round != Closed.Length ? this : this with { Closed = Closed.Add(report) };

    /// <summary>Every round is closed and the manifest written.</summary>
    public RunRecord Complete(string manifestHash, ImmutableArray<string> manifestParts, DateTimeOffset now) => Ended || !AllClosed
        ? this
        : this with { State = RunState.Completed, Reason = null, ManifestHash = manifestHash, ManifestParts = manifestParts, EndedAt = now };
}
