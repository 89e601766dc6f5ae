using System.Globalization;
using FreeMask.GrainInterfaces;

namespace FreeMask.Client.Progress;

/// <summary>The estimated remaining time of a run.</summary>
/// <param name="Phase">Until the current work of the round is done; null if nothing was measured yet.</param>
/// <param name="Run">Until the run is done; null if some kind of remaining work was never measured.</param>
internal sealed record TimeLeft(TimeSpan? Phase, TimeSpan? Run)
{
    internal static TimeLeft Unknown { get; } = new(null, null);
}

/// <summary>
/// Estimates the remaining time from successive statuses: for each stage the remaining samples times their device seconds, and the
/// remaining training steps, each times the wall-clock seconds measured for them. Only intervals with progress count: not pauses, the
/// loading of models, or times without a status. Fold models are trained and counted in the first round only.
/// </summary>
internal sealed class TimeLeftEstimator
{
    // Statuses come twice a second; a longer gap is not measured.
    private static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, double> _secondsPerStep = new(StringComparer.Ordinal);
    private readonly UnitDurationEstimator _pace = new();
    private string? _watched;
    private double? _wallPerDeviceSecond;
    private DateTimeOffset _seen;
    private int _trainingSteps;

    internal TimeLeft Observe(RunStatus status, DateTimeOffset now)
    {
        var gap = now - _seen;
        _seen = now;
        if (status.State != RunState.Running || status.Rounds.IsEmpty)
        {
            _watched = null;
            return TimeLeft.Unknown;
        }

        var round = status.Rounds[^1];
        var key = string.Create(CultureInfo.InvariantCulture, $"{round.Round}/{round.Phase}/{round.Training?.Job}");
        if (key != _watched || gap > LongestGap || gap < TimeSpan.Zero) _pace.Restart();
        _watched = key;
        Measure(round, now);
        var phase = Phase(status, round);
        return new(Span(phase), Span(Run(status, round, phase)));
    }

    private void Measure(RoundStatus round, DateTimeOffset now)
    {
        if (round.Training is { Steps: > 0 } training)
        {
            if (!IsFold(training) && round.Phase == RoundPhase.Training) _trainingSteps = training.Steps;
            if (_pace.Observe(training.Step, now) is { } perStep) _secondsPerStep[Kind(training)] = perStep;
        }
        else if (round.Phase is RoundPhase.Producing or RoundPhase.Scoring && _pace.Observe(DeviceSeconds(round.Seconds), now) is { } wall)
        {
            _wallPerDeviceSecond = wall;
        }
    }

    /// <summary>Seconds until the displayed progress bar is full.</summary>
    private double? Phase(RunStatus status, RoundStatus round)
    {
        if (round.Training is { Steps: > 0 } training)
            return PerStep(Kind(training)) is { } perStep ? (training.Steps - training.Step) * perStep : null;
        return round.Phase switch
        {
            RoundPhase.Producing => Samples(status, round, StageTable.Default.Producing, isBegun: true),
            RoundPhase.Scoring => Samples(status, round, StageTable.Default.Scoring, isBegun: true),
            _ => null,
        };
    }

    private double? Run(RunStatus status, RoundStatus round, double? phase)
    {
        double? here = round.Phase switch
        {
            RoundPhase.Producing => phase + Scored(status, round) + Train(status) + Evaluate(status),
            RoundPhase.Scoring when round.Training is { } fold => phase
                + FoldsToCome(fold)
                + Scored(status, round)
                + Train(status)
                + Evaluate(status),
            RoundPhase.Scoring => phase + Train(status) + Evaluate(status),
            RoundPhase.Selecting => Train(status) + Evaluate(status),
            RoundPhase.Training => phase + Evaluate(status),
            RoundPhase.Evaluating => phase ?? 0,
            RoundPhase.Closed => 0,
            _ => WholeRound(status, round),
        };
        var toCome = Math.Max(0, status.RoundsPlanned - status.Rounds.Length);
        return toCome == 0 ? here : here + (toCome * WholeRound(status, round));
    }

    private double? WholeRound(RunStatus status, RoundStatus round) =>
        Samples(status, round, StageTable.Default.Producing, isBegun: false) + Scored(status, round) + Train(status) + Evaluate(status);

    private double? Scored(RunStatus status, RoundStatus round) => Samples(status, round, StageTable.Default.Scoring, isBegun: false);

    /// <summary>Seconds of remaining sample work, from the numbers of samples for which each stage has worked.</summary>
    /// <param name="status">The run.</param>
    /// <param name="round">The round under way.</param>
    /// <param name="stages">The stages whose work is meant.</param>
    /// <param name="isBegun">Whether the round has done some of it.</param>
    private double? Samples(RunStatus status, RoundStatus round, IEnumerable<StageDefinition> stages, bool isBegun)
    {
        var table = StageTable.Default;
        var planned = round.Counts.Planned > 0 ? round : status.Rounds.MaxBy(item => item.Counts.Planned)!;
        var left = 0.0;
        foreach (var stage in stages)
        {
            var measured = status.Rounds.Reverse().FirstOrDefault(item => item.Counts[stage.After] > 0 && item.Seconds[stage.Stage] > 0);
            // Second uses pass the stages of drawings without work.
            var samples = planned.Counts.Planned - (table.OfDrawings.Contains(stage) ? planned.SecondUses : 0);
            var toCome = isBegun ? samples - round.Counts.Quarantined - round.WorkedOn(table, stage) : samples;
            if (measured is not null)
                left += Math.Max(0, toCome) * measured.Seconds[stage.Stage] / measured.WorkedOn(table, stage);
            else if (stage.IsModelStage)
                return null;
        }

        return left * _wallPerDeviceSecond;
    }

    /// <summary>Seconds of a round's training: of the last round without folds, or from the measured duration of a step.</summary>
    private double? Train(RunStatus status) =>
        _trainingSteps > 0 && PerStep(Segmenter) is { } perStep ? _trainingSteps * perStep
        : status.Rounds.LastOrDefault(round => round is { Phase: RoundPhase.Closed, Round: > 0, Seconds.Train: > 0 })?.Seconds.Train;

    private static double Evaluate(RunStatus status) =>
        status.Rounds.LastOrDefault(round => round.Phase == RoundPhase.Closed)?.Seconds.Evaluate ?? 0;

    /// <summary>Seconds of the remaining folds: after <c>fold 1 of 3</c> two remain.</summary>
    private double? FoldsToCome(TrainingProgress fold)
    {
        var words = fold.Job.Split(' ');
        if (
            !IsFold(fold)
            || words.Length != 4
            || !int.TryParse(words[1], CultureInfo.InvariantCulture, out var number)
            || !int.TryParse(words[3], CultureInfo.InvariantCulture, out var all)
        )
            return 0;
        return PerStep(Fold) is { } perStep ? Math.Max(0, all - number) * fold.Steps * perStep : null;
    }

    private double? PerStep(string kind) => _secondsPerStep.TryGetValue(kind, out var seconds) ? seconds : null;

    private const string Fold = "fold", Segmenter = "segmenter";

    private static bool IsFold(TrainingProgress training) => training.Job.StartsWith(Fold + " ", StringComparison.Ordinal);

    private static string Kind(TrainingProgress training) => IsFold(training) ? Fold : training.Job;

    private static double DeviceSeconds(StageSeconds seconds) => StageTable.Default.Stages.Sum(stage => seconds[stage.Stage]);

    private static TimeSpan? Span(double? seconds) =>
        seconds is { } value && double.IsFinite(value) ? TimeSpan.FromSeconds(Math.Clamp(value, 0, 1e9)) : null;
}
