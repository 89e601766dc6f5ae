using System.Collections.Immutable;

namespace FreeMask.GrainInterfaces;

/// <summary>States of a run.</summary>
[GenerateSerializer, Alias("freemask.RunState")]
public enum RunState : byte
{
    /// <summary>No run was started under this id.</summary>
    Unknown = 0,

    /// <summary>Running.</summary>
    Running = 1,

    /// <summary>Paused: nothing new starts, and work in flight is finished.</summary>
    Paused = 2,

    /// <summary>Cancelled by the user. Final.</summary>
    Cancelled = 3,

    /// <summary>Stopped by an error that retries do not resolve; <c>Retry</c> continues from there.</summary>
    Failed = 4,

    /// <summary>Every round is closed. Final.</summary>
    Completed = 5,
}

/// <summary>Phases of a round, in order.</summary>
[GenerateSerializer, Alias("freemask.RoundPhase")]
public enum RoundPhase : byte
{
    /// <summary>Shards are created.</summary>
    Planning = 0,

    /// <summary>Samples are generated, masked, composed and harmonized.</summary>
    Producing = 1,

    /// <summary>Samples are scored; in round 0 the fold models are trained first.</summary>
    Scoring = 2,

    /// <summary>Samples are selected.</summary>
    Selecting = 3,

    /// <summary>The segmenter is trained on all samples kept so far.</summary>
    Training = 4,

    /// <summary>The segmenter is evaluated.</summary>
    Evaluating = 5,

    /// <summary>Final.</summary>
    Closed = 6,
}

/// <summary>The status of a run.</summary>
[GenerateSerializer, Immutable, Alias("freemask.RunStatus")]
public sealed record RunStatus
{
    /// <summary>The run's id.</summary>
    [Id(0)] public required string Run { get; init; }

    /// <summary>The name in the run file; empty for an unknown run.</summary>
    [Id(1)] public string Name { get; init; } = "";

    /// <summary>The state.</summary>
    [Id(2)] public RunState State { get; init; }

    /// <summary>Why it is paused, cancelled or failed; null otherwise.</summary>
    [Id(3)] public string? Reason { get; init; }

    /// <summary>The rounds started so far, in order.</summary>
    [Id(4)] public ImmutableArray<RoundStatus> Rounds { get; init; } = [];

    /// <summary>Number of rounds of the run.</summary>
    [Id(5)] public int RoundsPlanned { get; init; }

    /// <summary>When it was started (UTC).</summary>
    [Id(6)] public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it became completed or cancelled (UTC); null before.</summary>
    [Id(7)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The sha256 of the manifest, which names every sample of every round; null before the run completes.</summary>
    [Id(8)] public string? ManifestHash { get; init; }

    /// <summary>The hashes of the manifest's parts in the artifact store; their concatenation is the manifest.</summary>
    [Id(9)] public ImmutableArray<string> ManifestParts { get; init; } = [];

    /// <summary>The segmenter of the last closed round; null before.</summary>
    [Id(10)] public SegmenterModel? Segmenter { get; init; }

    /// <summary>True when nothing of this run is in flight.</summary>
    [Id(11)] public bool Idle { get; init; }

    /// <summary>The run's environment; null before it has found a device.</summary>
    [Id(12)] public RunEnvironment? Environment { get; init; }

    /// <summary>Messages for users that do not stop the run, such as silos that may not work on it.</summary>
    [Id(13)] public ImmutableArray<string> Notes { get; init; } = [];
}

/// <summary>The status of a round.</summary>
[GenerateSerializer, Immutable, Alias("freemask.RoundStatus")]
public sealed record RoundStatus
{
    /// <summary>The round, from 0.</summary>
    [Id(0)] public required int Round { get; init; }

    /// <summary>The phase.</summary>
    [Id(1)] public RoundPhase Phase { get; init; }

    /// <summary>How many samples have reached each state.</summary>
    [Id(2)] public StateCounts Counts { get; init; } = new();

    /// <summary>The selection threshold of each class; empty before selection.</summary>
    [Id(3)] public ImmutableArray<SelectionThreshold> Thresholds { get; init; } = [];

    /// <summary>The evaluation of the round's segmenter; null before, and if nothing is evaluated.</summary>
    [Id(4)] public SegmenterQuality? Quality { get; init; }

    /// <summary>Seconds of device work per stage, summed over samples, and of training and evaluation.</summary>
    [Id(5)] public StageSeconds Seconds { get; init; } = new();

    /// <summary>Stage results per second over the last seconds; 0 if nothing moves.</summary>
    [Id(6)] public double Rate { get; init; }

    /// <summary>The running training or evaluation; null if there is none.</summary>
    [Id(7)] public TrainingProgress? Training { get; init; }

    /// <summary>Rejections and faults by reason, most frequent first.</summary>
    [Id(8)] public ImmutableArray<FailureGroup> Failures { get; init; } = [];

    /// <summary>The segmenter that this round trained; null before.</summary>
    [Id(9)] public SegmenterModel? Segmenter { get; init; }

    /// <summary>The one error that stops the round; null when there is none.</summary>
    [Id(10)] public string? Error { get; init; }

    /// <summary>When the round began (UTC).</summary>
    [Id(11)] public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the round was closed (UTC); null before.</summary>
    [Id(12)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The evaluation of the starting segmenter, before any training: of the first round; null before, and if nothing is
    /// evaluated or the training starts without a segmenter.</summary>
    [Id(14)] public SegmenterQuality? StartQuality { get; init; }

    /// <summary>Messages for users that do not stop the round.</summary>
    [Id(13)] public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>Scored and kept samples by the number of their objects; empty before selection.</summary>
    [Id(15)] public ImmutableArray<ObjectShare> Objects { get; init; } = [];

    /// <summary>How many of the planned samples are second uses of drawings: the first stages do no work for them.</summary>
    [Id(16)] public int SecondUses { get; init; }

    /// <summary>
    /// Samples for which a stage did its work. Second uses of drawings have passed the first stages too, but only after all drawings have.
    /// </summary>
    public int WorkedOn(StageTable stages, StageDefinition stage) =>
        stages.OfDrawings.Contains(stage) ? Math.Min(Counts[stage.After], Counts.Planned - SecondUses) : Counts[stage.After];
}

/// <summary>
/// How many samples of a round have reached each state: each number includes the samples in later states, so that the numbers form a
/// funnel. Quarantined samples count in <see cref="Quarantined"/> alone. <see cref="Kept"/>, <see cref="Dropped"/> and <see
/// cref="Quarantined"/> add up to <see cref="Planned"/> when the round is closed.
/// </summary>
/// <param name="Planned">Samples of the round.</param>
/// <param name="Generated">Reached Generated.</param>
/// <param name="Masked">Reached Masked.</param>
/// <param name="Composed">Reached Composed.</param>
/// <param name="Harmonized">Reached Harmonized.</param>
/// <param name="Scored">Reached Scored.</param>
/// <param name="Kept">Kept.</param>
/// <param name="Dropped">Dropped.</param>
/// <param name="Quarantined">Quarantined, in whatever state they failed.</param>
/// <param name="Rejected">Rejected masks so far (a sample may count more than once).</param>
[GenerateSerializer, Immutable, Alias("freemask.StageCounts")]
public sealed record StateCounts(
    [property: Id(0)] int Planned = 0,
    [property: Id(1)] int Generated = 0,
    [property: Id(2)] int Masked = 0,
    [property: Id(3)] int Composed = 0,
    [property: Id(4)] int Harmonized = 0,
    [property: Id(5)] int Scored = 0,
    [property: Id(6)] int Kept = 0,
    [property: Id(7)] int Dropped = 0,
    [property: Id(8)] int Quarantined = 0,
    [property: Id(9)] int Rejected = 0)
{
    /// <summary>
    /// Counts of states without a property of their own: those of stages added to <see cref="StageTable"/>; null for none.
    /// </summary>
    [Id(10)] public ImmutableSortedDictionary<SampleState, int>? Others { get; init; }

    /// <summary>Samples that have reached a state; for Kept, Dropped and Quarantined, samples that have it.</summary>
    public int this[SampleState state] => state switch
    {
        SampleState.Planned => Planned,
        SampleState.Generated => Generated,
        SampleState.Masked => Masked,
        SampleState.Composed => Composed,
        SampleState.Harmonized => Harmonized,
        SampleState.Scored => Scored,
        SampleState.Kept => Kept,
        SampleState.Dropped => Dropped,
        SampleState.Quarantined => Quarantined,
        _ => Others?.GetValueOrDefault(state) ?? 0,
    };

    /// <inheritdoc/>
    public bool Equals(StateCounts? other) =>
        other is not null
        && Rejected == other.Rejected
        && (Others?.Keys ?? []).Concat(other.Others?.Keys ?? []).Concat(Enum.GetValues<SampleState>()).All(s => this[s] == other[s]);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Planned, Generated, Masked, Composed, Harmonized, Scored, Kept, Dropped);

    /// <summary>These counts and others.</summary>
    public StateCounts Plus(StateCounts other) =>
        new(
            Planned + other.Planned,
            Generated + other.Generated,
            Masked + other.Masked,
            Composed + other.Composed,
            Harmonized + other.Harmonized,
            Scored + other.Scored,
            Kept + other.Kept,
            Dropped + other.Dropped,
            Quarantined + other.Quarantined,
            Rejected + other.Rejected
        )
        {
            Others = other.Others is null
                ? Others
                : other.Others.Aggregate(
                    Others ?? ImmutableSortedDictionary<SampleState, int>.Empty,
                    (sum, added) => sum.SetItem(added.Key, sum.GetValueOrDefault(added.Key) + added.Value)
                ),
        };

    /// <summary>Counts by state.</summary>
    /// <param name="states">The states to count.</param>
    /// <param name="count">The count of a state.</param>
    /// <param name="rejected">Masks rejected.</param>
    public static StateCounts Of(ImmutableArray<SampleState> states, Func<SampleState, int> count, int rejected)
    {
        // Counts are made for every report: without added states nothing is allocated for them.
        var others = states.Length == (int)SampleState.Quarantined + 1
            ? ImmutableSortedDictionary<SampleState, int>.Empty
            : states.Where(s => s > SampleState.Quarantined).ToImmutableSortedDictionary(s => s, count);
        return new StateCounts(
            count(SampleState.Planned),
            count(SampleState.Generated),
            count(SampleState.Masked),
            count(SampleState.Composed),
            count(SampleState.Harmonized),
            count(SampleState.Scored),
            count(SampleState.Kept),
            count(SampleState.Dropped),
            count(SampleState.Quarantined),
            rejected
        )
        {
            Others = others.IsEmpty ? null : others,
        };
    }
}

/// <summary>Seconds of work, summed over samples.</summary>
/// <param name="Generate">Generating images.</param>
/// <param name="Mask">Making label maps.</param>
/// <param name="Compose">Pasting objects.</param>
/// <param name="Harmonize">Matching colors.</param>
/// <param name="Score">Scoring.</param>
/// <param name="Train">Training, fold models included.</param>
/// <param name="Evaluate">Evaluating the segmenter.</param>
[GenerateSerializer, Immutable, Alias("freemask.StageSeconds")]
public sealed record StageSeconds(
    [property: Id(0)] double Generate = 0,
    [property: Id(1)] double Mask = 0,
    [property: Id(2)] double Compose = 0,
    [property: Id(3)] double Harmonize = 0,
    [property: Id(4)] double Score = 0,
    [property: Id(5)] double Train = 0,
    [property: Id(6)] double Evaluate = 0)
{
    /// <summary>Seconds of stages without a property of their own: those added to <see cref="StageTable"/>; null for none.</summary>
    [Id(7)] public ImmutableSortedDictionary<Stage, double>? Others { get; init; }

    /// <summary>Device seconds of a stage.</summary>
    public double this[Stage stage] => stage switch
    {
        Stage.Generate => Generate,
        Stage.Mask => Mask,
        Stage.Compose => Compose,
        Stage.Harmonize => Harmonize,
        Stage.Score => Score,
        _ => Others?.GetValueOrDefault(stage) ?? 0,
    };

    /// <summary>These seconds and others.</summary>
    public StageSeconds Plus(StageSeconds other) =>
        new(
            Generate + other.Generate,
            Mask + other.Mask,
            Compose + other.Compose,
            Harmonize + other.Harmonize,
            Score + other.Score,
            Train + other.Train,
            Evaluate + other.Evaluate
        )
        {
            Others = other.Others is null
                ? Others
                : other.Others.Aggregate(
                    Others ?? ImmutableSortedDictionary<Stage, double>.Empty,
                    (sum, added) => sum.SetItem(added.Key, sum.GetValueOrDefault(added.Key) + added.Value)
                ),
        };

    /// <summary>Adds seconds of a stage.</summary>
    public StageSeconds Plus(Stage stage, double seconds) => stage switch
    {
        Stage.Generate => this with { Generate = Generate + seconds },
        Stage.Mask => this with { Mask = Mask + seconds },
        Stage.Compose => this with { Compose = Compose + seconds },
        Stage.Harmonize => this with { Harmonize = Harmonize + seconds },
        Stage.Score => this with { Score = Score + seconds },
        _ => this with { Others = (Others ?? ImmutableSortedDictionary<Stage, double>.Empty).SetItem(stage, this[stage] + seconds) },
    };
}

/// <summary>The selection threshold of a class, or of its samples with a certain number of objects.</summary>
/// <param name="Class">The class.</param>
/// <param name="Scored">Scored samples of the class.</param>
/// <param name="Kept">Samples kept: ceil(ratio x scored).</param>
/// <param name="Score">The lowest score that is kept; samples of equal score are ordered by index.</param>
/// <param name="LastIndex">The index of the last kept sample in that order.</param>
[GenerateSerializer, Immutable, Alias("freemask.ClassCut")]
public sealed record SelectionThreshold(
    [property: Id(0)] string Class,
    [property: Id(1)] int Scored,
    [property: Id(2)] int Kept,
    [property: Id(3)] double Score,
    [property: Id(4)] int LastIndex)
{
    /// <summary>The least number of objects of these samples; 0 where all samples of the class have one threshold.</summary>
    [Id(5)] public int LeastObjects { get; init; }

    /// <summary>The largest number of objects of these samples; null for no limit.</summary>
    [Id(6)] public int? MostObjects { get; init; }

    /// <summary>Whether it is the threshold of samples of a class with a number of objects.</summary>
    public bool IsFor(string name, int objects) => Class == name && objects >= LeastObjects && objects <= (MostObjects ?? int.MaxValue);
}

/// <summary>Selection by the number of objects in a sample.</summary>
/// <param name="LeastObjects">1, 2, or 3 for three and more.</param>
/// <param name="Scored">Scored samples.</param>
/// <param name="Kept">Kept ones.</param>
[GenerateSerializer, Immutable, Alias("freemask.ObjectShare")]
public sealed record ObjectShare([property: Id(0)] int LeastObjects, [property: Id(1)] int Scored, [property: Id(2)] int Kept);

/// <summary>The number of failures with one reason.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Count">The number.</param>
/// <param name="Example">The index of one such sample.</param>
[GenerateSerializer, Immutable, Alias("freemask.FailureGroup")]
public sealed record FailureGroup([property: Id(0)] string Reason, [property: Id(1)] int Count, [property: Id(2)] int Example);
