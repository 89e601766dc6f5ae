using FreeMask.Dashboard.Services;
using FreeMask.GrainInterfaces;
using Xunit;

namespace FreeMask.Dashboard.Tests.Services;

public sealed class RunMeterTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly RunSpec Spec = new() { Name = "a", Classes = ["cat"], SamplesPerRound = 100 };

    [Fact]
    public void Rates_are_differences_of_two_readings()
    {
        var meter = new RunMeter();
        Assert.Empty(meter.Observe(Status(new StateCounts(100, Generated: 10), new StageSeconds(Generate: 5)), Start).Rates.PerSecond);
        var (rates, _) = meter.Observe(Status(new StateCounts(100, Generated: 30), new StageSeconds(Generate: 14)), Start.AddSeconds(10));

        Assert.Equal(2, rates.PerSecond[Stage.Generate]);
        Assert.Equal(0.9, rates.Busy[Stage.Generate], 9);
        Assert.Equal(0, rates.PerSecond[Stage.Mask]);
    }

    [Fact]
    public void Second_uses_that_take_their_drawings_are_no_generated_images()
    {
        var meter = new RunMeter();
        RunStatus Both(StateCounts counts)
        {
            var status = Status(counts, new StageSeconds());
            return status with { Rounds = [status.Rounds[0] with { SecondUses = 40 }] };
        }

        meter.Observe(Both(new StateCounts(100, Generated: 50, Masked: 50)), Start);
        var (rates, _) = meter.Observe(Both(new StateCounts(100, Generated: 100, Masked: 100, Composed: 20)), Start.AddSeconds(10));
        Assert.Equal((1, 1, 2), (rates.PerSecond[Stage.Generate], rates.PerSecond[Stage.Mask], rates.PerSecond[Stage.Compose]));
    }

    [Fact]
    public void Rejected_masks_are_no_negative_rate_and_pauses_are_forgotten()
    {
        var meter = new RunMeter();
        meter.Observe(Status(new StateCounts(100, Generated: 30), new StageSeconds()), Start);
        var back = meter.Observe(Status(new StateCounts(100, Generated: 20), new StageSeconds()), Start.AddSeconds(1));
        Assert.Equal(0, back.Rates.PerSecond[Stage.Generate]);
        var paused = Status(new StateCounts(100, Generated: 20), new StageSeconds()) with { State = RunState.Paused };
        Assert.Same(StageRates.None, meter.Observe(paused, Start.AddSeconds(2)).Rates);
    }

    [Fact]
    public void The_bottleneck_names_the_stage_and_how_busy_the_devices_are()
    {
        var rates = new StageRates(
            new Dictionary<Stage, double>(),
            new Dictionary<Stage, double> { [Stage.Generate] = 1.6, [Stage.Mask] = 0.34 }
        );
        var run = View(Status(new StateCounts(100), new StageSeconds())) with { Rates = rates };

        Assert.Equal("Waiting for device any, busy 97 %: Generate takes 82 % of its time.", Bottleneck.Of(run, 2));
        Assert.Equal("Waiting for device any: Generate takes 82 % of its time.", Bottleneck.Of(run, null));
        Assert.Null(Bottleneck.Of(run with { Rates = StageRates.None }, 2));
        Assert.Contains("resume", Bottleneck.Of(run with { Interrupted = true }, 2), StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_reaches_one_only_when_the_run_is_completed()
    {
        var status = Status(new StateCounts(100, 100, 100, 100, 100, 100), new StageSeconds());
        Assert.Equal(0.35, RunProgress.Of(status), 9);
        var training = status.Rounds[0] with { Phase = RoundPhase.Training, Training = new TrainingProgress("segmenter", 30, 60, null) };
        Assert.Equal(0.4125, RunProgress.Of(status with { Rounds = [training] }), 9);
        var closed = status.Rounds[0] with { Phase = RoundPhase.Closed };
        Assert.Equal(0.99, RunProgress.Of(status with { Rounds = [closed, closed] }), 9);
        Assert.Equal(1, RunProgress.Of(status with { State = RunState.Completed }));
    }

    private static RunView View(RunStatus status) => new(Spec, status, false, StageRates.None, null);

    private static RunStatus Status(StateCounts counts, StageSeconds seconds) => new()
    {
        Run = "a",
        State = RunState.Running,
        RoundsPlanned = 2,
        Rounds = [new RoundStatus { Round = 0, Phase = RoundPhase.Producing, Counts = counts, Seconds = seconds }],
    };
}
