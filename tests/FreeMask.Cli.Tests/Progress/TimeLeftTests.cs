using FreeMask.GrainInterfaces;
using Xunit;

namespace FreeMask.Cli.Tests.Progress;

public sealed class TimeLeftTests
{
    private const int Planned = 40, Steps = 50;

    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    private readonly TimeLeftEstimator _estimator = new();

    [Fact]
    public void Nothing_is_claimed_before_work_has_moved_and_parts_were_seen()
    {
        Assert.Equal(TimeLeft.Unknown, _estimator.Observe(Producing(0), Start));
        Assert.Equal(TimeLeft.Unknown, _estimator.Observe(Producing(4), At(20)));
        var left = _estimator.Observe(Producing(8), At(22));

        // 32 samples, half a second each; the durations of scoring and training were not measured.
        Assert.Equal(16, left.Phase!.Value.TotalSeconds, 6);
        Assert.Null(left.Run);
    }

    [Fact]
    public void Second_uses_pass_the_stages_of_their_drawings_without_work()
    {
        RunStatus Status(StateCounts counts, double seconds) =>
            With(
                0,
                Round(0, RoundPhase.Producing) with
                {
                    Counts = counts,
                    SecondUses = 10,
                    Seconds = new StageSeconds(Generate: seconds),
                }
            );
        _estimator.Observe(Status(new StateCounts(Planned), 0), Start);
        _estimator.Observe(Status(new StateCounts(Planned, 4), 4), At(20));
        // 30 drawings, of which 8 took half a second each.
        Assert.Equal(11, _estimator.Observe(Status(new StateCounts(Planned, 8), 8), At(22)).Phase!.Value.TotalSeconds, 6);
        // They have taken their drawings: nothing is left to generate.
        Assert.Equal(0, _estimator.Observe(Status(new StateCounts(Planned, Planned, Planned), 30), At(33)).Phase!.Value.TotalSeconds, 6);
    }

    [Fact]
    public void The_last_training_of_a_run_is_all_that_is_left()
    {
        // The first round took an hour, with its folds, which are not part of the remaining steps.
        for (var step = 1; step < 40; step++) _estimator.Observe(Training(1, step), At(step));
        var left = _estimator.Observe(Training(1, 40), At(40));

        Assert.Equal(10 + 3, left.Run!.Value.TotalSeconds, 6);
    }

    [Fact]
    public void A_pause_is_no_work()
    {
        for (var step = 1; step <= 10; step++) _estimator.Observe(Training(1, step), At(step));
        _estimator.Observe(Training(1, 10) with { State = RunState.Paused }, At(11));
        var later = 36_000.0;
        for (var step = 10; step <= 20; step++) _estimator.Observe(Training(1, step), At(later++));
        Assert.Equal(30 + 3, _estimator.Observe(Training(1, 20), At(later)).Run!.Value.TotalSeconds, 6);

        // There was no status for ten hours either.
        Assert.Equal(29 + 3, _estimator.Observe(Training(1, 21), At(later + 36_000)).Run!.Value.TotalSeconds, 6);
    }

    [Fact]
    public void Folds_belong_to_the_first_round_alone()
    {
        // Three folds of 50 steps of 0.5 s each, measured in the first; training and scoring were not measured yet.
        for (var step = 0; step <= 10; step++) _estimator.Observe(Fold(step), At(step * 0.5));
        Assert.Equal(20, _estimator.Observe(Fold(10), At(5.1)).Phase!.Value.TotalSeconds, 6);
        Assert.Null(_estimator.Observe(Fold(10), At(5.2)).Run);

        // Then a training of 50 steps of 1 s: a round to come is 40 samples of 2 + 1 device seconds, half a wall second each, 50 steps, 3 s
        // of measuring.
        for (var i = 0; i < 4; i++)
            _estimator.Observe(
                With(
                    0,
                    Round(0, RoundPhase.Scoring) with
                    {
                        Counts = Counts(scored: i),
                        Seconds = new StageSeconds(Generate: 80, Score: i),
                    }
                ),
                At(100 + (0.5 * i))
            );
        for (var step = 1; step <= 50; step++)
            _estimator.Observe(
                With(
                    0,
                    Round(0, RoundPhase.Training) with
                    {
                        Counts = Counts(Planned),
                        Seconds = new StageSeconds(Generate: 80, Score: 40),
                        Training = new("segmenter", step, Steps, 1),
                    }
                ),
                At(200 + step)
            );
        var closed = Round(0, RoundPhase.Closed) with
        {
            Counts = Counts(Planned),
            Seconds = new StageSeconds(Generate: 80, Score: 40, Train: 125, Evaluate: 3),
        };
        var left = _estimator.Observe(With(0, closed), At(251));

        Assert.Equal((40 * 3 * 0.5) + 50 + 3, left.Run!.Value.TotalSeconds, 6);
    }

    private static DateTimeOffset At(double seconds) => Start.AddSeconds(seconds);

    private static StateCounts Counts(int scored) => new(Planned, Planned, Planned, Planned, Planned, scored);

    private static RoundStatus Round(int number, RoundPhase phase) => new() { Round = number, Phase = phase, StartedAt = Start };

    private static RunStatus Producing(int generated) =>
        With(
            0,
            Round(0, RoundPhase.Producing) with
            {
                Counts = new StateCounts(Planned, generated),
                Seconds = new StageSeconds(Generate: generated),
            }
        );

    private static RunStatus Fold(int step) =>
        With(
            0,
            Round(0, RoundPhase.Scoring) with
            {
                Counts = Counts(0),
                Seconds = new StageSeconds(Generate: 80),
                Training = new TrainingProgress("fold 1 of 3", step, Steps, 1),
            }
        );

    private static RunStatus Training(int number, int step) =>
        With(
            number,
            Round(number, RoundPhase.Training) with
            {
                Counts = Counts(Planned),
                Training = new TrainingProgress("segmenter", step, Steps, 1),
            }
        );

    private static RunStatus With(int number, RoundStatus round)
    {
        var first = Round(0, RoundPhase.Closed) with
        {
            EndedAt = Start.AddHours(1),
            Counts = Counts(Planned),
            Seconds = new StageSeconds(Generate: 80, Score: 40, Train: 3000, Evaluate: 3),
        };
        return new()
        {
            Run = "r",
            State = RunState.Running,
            RoundsPlanned = 2,
            StartedAt = Start,
            Rounds = number == 0 ? [round] : [first, round],
        };
    }
}
