using System.Text.Json.Serialization;
using FreeMask.GrainInterfaces;
using FreeMask.Vision;

namespace FreeMask.Client.Runs;

/// <summary>The document of a run for <c>--json</c> and the dashboard. Paths are null until the product exists.</summary>
internal sealed record RunDocument
{
    public required string Run { get; init; }

    public required string Name { get; init; }

    public required RunState State { get; init; }

    public required string? Reason { get; init; }

    public required ulong Seed { get; init; }

    public required string Model { get; init; }

    /// <summary>When the run was started (UTC).</summary>
    public required DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it was completed or cancelled (UTC); null before.</summary>
    public required DateTimeOffset? EndedAt { get; init; }

    /// <summary>True if the run's state is Running and no process works on it; null if that is not known.</summary>
    public bool? Interrupted { get; init; }

    /// <summary>How many rounds the run will have.</summary>
    public required int RoundsPlanned { get; init; }

    /// <summary>Which classes evaluations count.</summary>
    public required string Protocol { get; init; }

    /// <summary>The measure of the starting segmenter, before any round; null if not measured.</summary>
    public required QualityDocument? Start { get; init; }

    public required IReadOnlyList<RoundDocument> Rounds { get; init; }

    /// <summary>Messages about its settings, such as truncated prompts.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Seconds of work per stage, all rounds together; <c>total</c> is wall-clock time.</summary>
    public required IReadOnlyDictionary<string, double> Seconds { get; init; }

    /// <summary>The entry file of the exported data set for readers.</summary>
    public string? Dataset { get; init; }

    public string? Report { get; init; }

    public string? Segmenter { get; init; }

    public required string? ManifestHash { get; init; }

    /// <summary>The arithmetic of the run: processor, instruction sets and library versions; null before it has started.</summary>
    public required string? Arithmetic { get; init; }

    /// <summary>The kind of its devices, such as <c>cpu</c>; null before it has started.</summary>
    public required string? Device { get; init; }

    /// <summary>The sha256 of its model bundle; null before it has started.</summary>
    public required string? Bundle { get; init; }

    internal static RunDocument Of(RunSpec spec, RunStatus status) => new()
    {
        Run = status.Run,
        Name = status.Name,
        State = status.State,
        Reason = status.Reason,
        Seed = spec.Seed,
        Model = spec.Model,
        StartedAt = status.StartedAt,
        EndedAt = status.EndedAt,
        RoundsPlanned = status.RoundsPlanned,
        Protocol = spec.Evaluation.Protocol,
        Start = status.Rounds.FirstOrDefault()?.StartQuality is { } start ? QualityDocument.Of(start, spec.Classes) : null,
        Rounds = [.. status.Rounds.Select(round => RoundDocument.Of(round, spec.Classes))],
        Seconds = SecondsOf(status),
        ManifestHash = status.ManifestHash,
        Arithmetic = status.Environment?.Arithmetic,
        Device = status.Environment?.DeviceKind,
        Bundle = status.Environment?.Bundle,
    };

    internal static IReadOnlyDictionary<string, double> SecondsOf(RunStatus status)
    {
        double Sum(Func<StageSeconds, double> part) => Math.Round(status.Rounds.Sum(round => part(round.Seconds)), 3);
        var seconds = StageTable.Default.Stages.ToDictionary(
            stage => stage.Stage.ToString().ToLowerInvariant(),
            stage => Sum(all => all[stage.Stage])
        );
        seconds["train"] = Sum(all => all.Train);
        seconds["evaluate"] = Sum(all => all.Evaluate);
        if (status is { StartedAt: { } started, EndedAt: { } ended }) seconds["total"] = Math.Round((ended - started).TotalSeconds, 3);
        return seconds;
    }
}

/// <summary>The measure of a segmenter in the document.</summary>
internal sealed record QualityDocument
{
    /// <summary>Mean IoU on the held-out set, over all classes in <see cref="IoU"/>.</summary>
    [JsonPropertyName("mIoU")]
    public required double MIoU { get; init; }

    /// <summary>Its 95 % bootstrap interval over images; null where it was not computed.</summary>
    [JsonPropertyName("mIoUInterval")]
    public required MeasureInterval? MIoUInterval { get; init; }

    /// <summary>The same over background and the classes of the run.</summary>
    [JsonPropertyName("mIoUOfRun")]
    public required double? MIoUOfRun { get; init; }

    /// <summary>IoU by class on the held-out set.</summary>
    [JsonPropertyName("iou")]
    public required IReadOnlyDictionary<string, double> IoU { get; init; }

    /// <summary>Seen and unseen classes apart; null for protocols other than zero-shot.</summary>
    public required ZeroShotQuality? ZeroShot { get; init; }

    /// <summary>The measure on the second data set; null where the run names none.</summary>
    public required QualityDocument? Transfer { get; init; }

    internal static QualityDocument Of(SegmenterQuality quality, IReadOnlyList<string> classes) =>
        new()
        {
            MIoU = quality.MeanIoU,
            MIoUInterval = quality.Interval,
            MIoUOfRun = RoundDocument.OwnMean(quality, classes),
            IoU = quality.Classes.ToDictionary(item => item.Class, item => item.IoU),
            ZeroShot = quality.ZeroShot,
            Transfer = quality.Transfer is { } second ? Of(second, classes) : null,
        };
}

/// <summary>One round in the document.</summary>
internal sealed record RoundDocument
{
    /// <summary>From 1.</summary>
    public required int Round { get; init; }

    public required RoundPhase Phase { get; init; }

    /// <summary>How many samples have reached each state.</summary>
    [JsonIgnore]
    public StateCounts Counts { get; init; } = new();

    /// <summary><see cref="Counts"/> as the document has them, each as a member of its own: <c>planned</c>, <c>generated</c>, ...,
    /// <c>kept</c>, <c>dropped</c>, <c>quarantined</c>.</summary>
    [JsonExtensionData]
    public IDictionary<string, object> CountsByName =>
        StageTable.Default.States.ToDictionary(StageTable.Default.DisplayNameOf, state => (object)Counts[state]);

    /// <summary>The lowest score that was kept, by class.</summary>
    public required IReadOnlyDictionary<string, double> CutScore { get; init; }

    /// <summary>Scored and kept samples by the number of their objects; empty before selection.</summary>
    public required IReadOnlyList<ObjectsDocument> Objects { get; init; }

    /// <summary>When the round began (UTC).</summary>
    public required DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it was closed (UTC); null before.</summary>
    public required DateTimeOffset? EndedAt { get; init; }

    /// <summary>The running training or evaluation; null if there is none.</summary>
    public required TrainingProgress? Training { get; init; }

    /// <summary>The error that stops the round; null where there is none.</summary>
    public required string? Error { get; init; }

    /// <summary>
    /// Mean IoU of the round's segmenter on the held-out set, over all classes in <see cref="IoU"/>; null if not measured.
    /// </summary>
    [JsonPropertyName("mIoU")]
    public required double? MIoU { get; init; }

    /// <summary>Its 95 % bootstrap interval over images; null where it was not computed.</summary>
    [JsonPropertyName("mIoUInterval")]
    public required MeasureInterval? MIoUInterval { get; init; }

    /// <summary>The same over background and the classes of the run; the segmenter was not trained on the others.</summary>
    [JsonPropertyName("mIoUOfRun")]
    public required double? MIoUOfRun { get; init; }

    /// <summary>IoU by class on the held-out set.</summary>
    [JsonPropertyName("iou")]
    public required IReadOnlyDictionary<string, double> IoU { get; init; }

    /// <summary>Seen and unseen classes apart; null for protocols other than zero-shot, or if not measured.</summary>
    public required ZeroShotQuality? ZeroShot { get; init; }

    /// <summary>The measure on the second data set; null where the run names none, or if not measured.</summary>
    public required QualityDocument? Transfer { get; init; }

    /// <summary>The number of failures, by reason.</summary>
    public required IReadOnlyDictionary<string, int> Failures { get; init; }

    internal static RoundDocument Of(RoundStatus round, IReadOnlyList<string> classes) =>
        new()
        {
            StartedAt = round.StartedAt,
            EndedAt = round.EndedAt,
            Training = round.Training,
            Error = round.Error,
            MIoUOfRun = round.Quality is { } quality ? OwnMean(quality, classes) : null,
            Round = round.Round + 1,
            Phase = round.Phase,
            Counts = round.Counts,
            CutScore = round.Thresholds.LowestByClass(),
            Objects = [.. round.Objects.Select(share => new ObjectsDocument(share.LeastObjects, share.Scored, share.Kept))],
            MIoU = round.Quality?.MeanIoU,
            MIoUInterval = round.Quality?.Interval,
            IoU = round.Quality?.Classes.ToDictionary(item => item.Class, item => item.IoU) ?? [],
            ZeroShot = round.Quality?.ZeroShot,
            Transfer = round.Quality?.Transfer is { } second ? QualityDocument.Of(second, classes) : null,
            Failures = round.Failures.ToDictionary(failure => failure.Reason, failure => failure.Count),
        };

    /// <summary>
    /// Mean IoU over background and the given classes, as far as the held-out set or a prediction has them; null if it has none of them.
    /// </summary>
    internal static double? OwnMean(SegmenterQuality quality, IReadOnlyList<string> classes)
    {
        var own = quality
            .Classes.Where(item => item.Class == LabelSet.Background || classes.Contains(item.Class))
            .Select(item => item.IoU)
            .Where(double.IsFinite)
            .ToList();
        return own.Count == 0 ? null : own.Average();
    }
}

/// <summary>Samples with a number of objects, in the document.</summary>
/// <param name="Objects">1, 2, or 3 for three and more.</param>
/// <param name="Scored">Scored samples.</param>
/// <param name="Kept">Kept ones.</param>
internal sealed record ObjectsDocument(int Objects, int Scored, int Kept);
