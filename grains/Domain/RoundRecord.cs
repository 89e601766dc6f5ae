using System.Collections.Immutable;

namespace FreeMask.Grains.Domain;

/// <summary>
/// The durable record of a round and the transitions between its phases. A transition goes forward and is idempotent; a round in an
/// earlier phase refuses it.
/// </summary>
[GenerateSerializer, Immutable, Alias("freemask.RoundRecord")]
internal sealed record RoundRecord
{
    /// <summary>The assignment.</summary>
    [Id(0)] public required RoundAssignment Assignment { get; init; }

    /// <summary>The phase.</summary>
    [Id(1)] public RoundPhase Phase { get; init; }

    /// <summary>The donor snapshot, once all samples are masked.</summary>
    [Id(2)] public string? Donors { get; init; }

    /// <summary>Lists of produced samples, once all are harmonized.</summary>
    [Id(3)] public ImmutableArray<string> Candidates { get; init; } = [];

    /// <summary>The fold models of round 0, in the order in which they are trained.</summary>
    [Id(4)] public ImmutableArray<SegmenterModel> FoldModels { get; init; } = [];

    /// <summary>The result of selection: thresholds, ...</summary>
    [Id(5)] public ImmutableArray<SelectionThreshold> Thresholds { get; init; } = [];

    /// <summary>... the hash of the kept indices, ...</summary>
    [Id(6)] public string KeptIdsHash { get; init; } = "";

    /// <summary>... and their number.</summary>
    [Id(7)] public int Kept { get; init; }

    /// <summary>Lists of kept samples, once selection is carried out.</summary>
    [Id(8)] public ImmutableArray<string> KeptLists { get; init; } = [];

    /// <summary>The round's segmenter.</summary>
    [Id(9)] public SegmenterModel? Segmenter { get; init; }

    /// <summary>Its evaluation.</summary>
    [Id(10)] public SegmenterQuality? Quality { get; init; }

    /// <summary>The round's parts of the manifest.</summary>
    [Id(11)] public ImmutableArray<string> ManifestParts { get; init; } = [];

    /// <summary>When it began.</summary>
    [Id(12)] public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it was closed.</summary>
    [Id(13)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Seconds of training, fold models included.</summary>
    [Id(14)] public double TrainSeconds { get; init; }

    /// <summary>Seconds of evaluation.</summary>
    [Id(15)] public double EvaluateSeconds { get; init; }

    /// <summary>Counts, seconds and failures of all shards at selection; null before.</summary>
    [Id(16)] public RoundTally? Tally { get; init; }

    /// <summary>Scored and kept samples by the number of their objects.</summary>
    [Id(18)] public ImmutableArray<ObjectShare> Objects { get; init; } = [];

    /// <summary>The evaluation of the starting segmenter, in round 0; without classes where the training starts without one.</summary>
    [Id(17)] public SegmenterQuality? StartQuality { get; init; }

    /// <summary>Which samples of one object donate, where donors are judged: the thresholds of those that were scored first.</summary>
    [Id(19)] public ImmutableArray<SelectionThreshold> DonorThresholds { get; init; } = [];

    /// <summary>Whether these thresholds are decided.</summary>
    [Id(20)] public bool AreDonorsDecided { get; init; }

    /// <summary>Whether samples of one object are scored before others are composed.</summary>
    public bool JudgesDonors => Assignment.Spec.Composition.JudgesDonors;

    /// <summary>Whether samples that take objects wait until the donors are known.</summary>
    public bool HoldsComposites => JudgesDonors && Donors is null && Phase <= RoundPhase.Producing;

    /// <summary>Whether second uses of drawings wait, planned, until the donors are known.</summary>
    public bool HoldsSecondUses =>
        Donors is null && Phase <= RoundPhase.Producing && SamplePlanner.SecondUsesPerRound(Assignment.Spec) > 0;

    /// <summary>Samples that do not wait for the donors; if all are lost, so is the round.</summary>
    public int Begun => HoldsSecondUses ? SamplePlanner.DrawingsPerRound(Assignment.Spec) : Assignment.Spec.SamplesPerRound;

    /// <summary>Whether the starting segmenter is still to be evaluated.</summary>
    public bool LacksStartQuality =>
        StartQuality is null
        && Assignment is { Round: 0, Spec: { Training.Init: "bundle", Evaluation.Dataset: not "none" } }
        && Phase == RoundPhase.Producing;

    /// <summary>The selection as the manifest contains it.</summary>
    public SelectionDecision Decision => new(Thresholds, KeptIdsHash, Kept, Objects);

    /// <summary>
    /// Whether samples are scored by models that were trained on the other folds: in round 0, unless the run names a segmenter.
    /// </summary>
    public bool IsCrossFitted => !UsesOwnSegmenter && Assignment.ScoringModel is null;

    /// <summary>The scoring models: one for each fold in round 0, one later, none if the run names a segmenter.</summary>
    public ImmutableArray<SegmenterModel> ScoringModels =>
        UsesOwnSegmenter ? []
        : Assignment.ScoringModel is { } scoringModel ? [scoringModel]
        : FoldModels;

    /// <summary>The artifacts that this record refers to; the donor snapshot refers to more.</summary>
    public IEnumerable<string> Artifacts =>
    [
        .. Candidates, .. KeptLists, .. ManifestParts, .. Assignment.TrainingLists,
        .. FoldModels.Append(Segmenter).Append(Assignment.ScoringModel).SelectMany(m => m?.Hashes ?? []),
        .. Donors is null ? Enumerable.Empty<string>() : [Donors],
    ];

    /// <summary>Number of scoring models that are needed before scoring.</summary>
    public int ScoringModelsNeeded => UsesOwnSegmenter ? 0 : IsCrossFitted ? Assignment.Spec.Scoring.Folds : 1;

    /// <summary>Whether models of folds are still to be trained.</summary>
    public bool LacksScoringModels => ScoringModels.Length < ScoringModelsNeeded;

    private bool UsesOwnSegmenter => Assignment.Spec.Scoring.Segmenter is not null;

    /// <summary>The state that all samples have to reach (or be quarantined) before the next phase.</summary>
    public SampleState Target(StageTable stages) => Phase switch
    {
        _ when HoldsComposites && LacksScoringModels => stages[Stage.Score].Before,
        _ when HoldsComposites => SampleState.Scored,
        RoundPhase.Planning or RoundPhase.Producing => stages[Donors is null ? Stage.Compose : Stage.Score].Before,
        RoundPhase.Scoring when LacksScoringModels => stages[Stage.Score].Before,
        _ => SampleState.Scored,
    };

    /// <summary>The round's first record.</summary>
    public static RoundRecord Begin(RoundAssignment assignment, DateTimeOffset now) => new() { Assignment = assignment, StartedAt = now };

    /// <summary>Planning to Producing.</summary>
    public RoundRecord LaidOut() => Edge(RoundPhase.Planning, r => r with { Phase = RoundPhase.Producing });

    /// <summary>Within Producing: all samples are masked, and these are the donors.</summary>
    public RoundRecord AllMasked(string donors) => Edge(RoundPhase.Producing, r => r.Donors is null ? r with { Donors = donors } : r);

    /// <summary>Within Producing, where donors are judged: the samples of one object are harmonized; fold models are trained on
    /// them.</summary>
    public RoundRecord SinglesHarmonized(ImmutableArray<string> candidates) =>
        Edge(RoundPhase.Producing, r => r.Candidates.IsDefaultOrEmpty ? r with { Candidates = candidates } : r);

    /// <summary>Within Producing, where donors are judged: records which samples donate before these are listed.</summary>
    public RoundRecord DonorsDecided(ImmutableArray<SelectionThreshold> thresholds) =>
        Edge(
            RoundPhase.Producing,
            r => r.AreDonorsDecided ? r : r with { DonorThresholds = thresholds, AreDonorsDecided = true }
        );

    /// <summary>Within Producing: the starting segmenter is evaluated.</summary>
    public RoundRecord StartMeasured(SegmenterQuality quality, double seconds) =>
        Edge(
            RoundPhase.Producing,
            r => r.StartQuality is null ? r with { StartQuality = quality, EvaluateSeconds = r.EvaluateSeconds + seconds } : r
        );

    /// <summary>Producing to Scoring.</summary>
    public RoundRecord AllHarmonized(ImmutableArray<string> candidates) => Edge(RoundPhase.Producing, r => r.Donors is null
        ? throw new InvalidOperationException("A round has no donors yet.")
        : r with { Phase = RoundPhase.Scoring, Candidates = r.JudgesDonors ? r.Candidates : candidates });

    /// <summary>
    /// Within Scoring, or within Producing where donors are judged: the model of a fold is trained. Models come in the order of their
    /// folds.
    /// </summary>
    public RoundRecord FoldTrained(int fold, SegmenterModel model, double seconds) =>
        Edge(
            JudgesDonors ? RoundPhase.Producing : RoundPhase.Scoring,
            r => fold != r.FoldModels.Length ? r : r with { FoldModels = r.FoldModels.Add(model), TrainSeconds = r.TrainSeconds + seconds }
        );

    /// <summary>Scoring to Selecting: records the decision before it is carried out.</summary>
    public RoundRecord Decided(SelectionDecision decision) =>
        Edge(
            RoundPhase.Scoring,
            r =>
                r.LacksScoringModels
                    ? throw new InvalidOperationException("A round has no scoring models yet.")
                    : r with
                    {
                        Phase = RoundPhase.Selecting,
                        Thresholds = decision.Thresholds,
                        KeptIdsHash = decision.KeptIdsHash,
                        Kept = decision.Kept,
                        Objects = decision.Objects,
                    }
        );

    /// <summary>Selecting to Training.</summary>
    public RoundRecord Selected(ImmutableArray<string> keptLists, RoundTally tally) =>
        Edge(RoundPhase.Selecting, r => r with { Phase = RoundPhase.Training, KeptLists = keptLists, Tally = tally });

    /// <summary>Training to Evaluating.</summary>
    public RoundRecord Trained(SegmenterModel model, double seconds) =>
        Edge(
            RoundPhase.Training,
            r => r with { Phase = RoundPhase.Evaluating, Segmenter = model, TrainSeconds = r.TrainSeconds + seconds }
        );

    /// <summary>Evaluating to Closed.</summary>
    public RoundRecord Evaluated(SegmenterQuality? quality, double seconds, ImmutableArray<string> manifestParts, DateTimeOffset now) =>
        Edge(RoundPhase.Evaluating, r => r with
        {
            Phase = RoundPhase.Closed,
            Quality = quality,
            EvaluateSeconds = r.EvaluateSeconds + seconds,
            ManifestParts = manifestParts,
            EndedAt = now,
        });

    private RoundRecord Edge(RoundPhase from, Func<RoundRecord, RoundRecord> take) => Phase > from ? this
        : Phase == from ? take(this)
        : throw new InvalidOperationException($"A round at {Phase} cannot leave {from}.");
}

/// <summary>Totals over the shards of a round.</summary>
[GenerateSerializer, Immutable, Alias("freemask.RoundTally")]
internal sealed record RoundTally(
    [property: Id(0)] StateCounts Counts,
    [property: Id(1)] StageSeconds Seconds,
    [property: Id(2)] ImmutableArray<FailureGroup> Failures)
{
    /// <summary>Adds up shards; samples of shards without a report count as planned.</summary>
    public static RoundTally Of(int planned, IEnumerable<ShardReport> shards)
    {
        var (counts, seconds) = (new StateCounts(), new StageSeconds());
        var failures = new Dictionary<string, FailureGroup>(StringComparer.Ordinal);
        foreach (var shard in shards)
        {
            counts = counts.Plus(shard.Counts);
            seconds = seconds.Plus(shard.Seconds);
            foreach (var failure in shard.Failures)
                failures[failure.Reason] = failures.TryGetValue(failure.Reason, out var known)
                    ? known with
                    {
                        Count = known.Count + failure.Count,
                    }
                    : failure;
        }

        return new RoundTally(counts with { Planned = planned }, seconds, FailureReasons.Rank(failures.Values));
    }
}
