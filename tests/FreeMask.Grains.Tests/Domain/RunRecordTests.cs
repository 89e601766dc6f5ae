using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Domain;

public sealed class RunRecordTests
{
    private static readonly DateTimeOffset Now = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly RunRecord Fresh = new() { Spec = Specs.Small, StartedAt = Now };

    [Fact]
    public void Pause_resume_and_cancel_may_be_repeated_and_ends_are_final()
    {
        var paused = Fresh.Pause("rest");
        Assert.Equal((RunState.Paused, "rest"), (paused.State, paused.Reason));
        Assert.Same(paused, paused.Pause("again"));
        Assert.Same(paused, paused.Fail("late error"));
        var running = paused.Resume();
        Assert.Equal((RunState.Running, null), (running.State, running.Reason));
        Assert.Same(running, running.Resume());
        Assert.Equal((RunState.Running, null), (paused.Retry().State, paused.Retry().Reason));
        Assert.Same(running, running.Retry());
        var cancelled = running.Cancel("enough", Now);
        Assert.Same(cancelled, cancelled.Resume());
        Assert.Same(cancelled, cancelled.Cancel("more", Now));
        Assert.Same(cancelled, cancelled.Retry());
        Assert.Same(cancelled, cancelled.CloseRound(Report(0)));
    }

    [Fact]
    public void Rounds_close_in_order_once_and_hand_on_what_they_kept()
    {
        var one = Fresh.CloseRound(Report(1)).CloseRound(Report(0)).CloseRound(Report(0));
        Assert.Single(one.Closed);
        var assignment = one.OpenRound("run");
        Assert.Equal((1, "weights0"), (assignment.Round, assignment.ScoringModel!.Weights));
        Assert.Equal(["list0"], assignment.TrainingLists);
        Assert.Same(one, one.Complete("hash", [], Now));
        var done = one.CloseRound(Report(1)).Complete("hash", ["part"], Now);
        Assert.Equal((RunState.Completed, "hash"), (done.State, done.ManifestHash));
    }

    private static RoundReport Report(int round) =>
        new(
            new RoundStatus
            {
                Round = round,
                Phase = RoundPhase.Closed,
                Segmenter = new SegmenterModel($"weights{round}", "c", null),
            },
            [$"list{round}"],
            [$"part{round}"],
            true
        );
}
