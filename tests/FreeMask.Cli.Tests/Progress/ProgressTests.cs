using FreeMask.Cli.Progress;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;
using Spectre.Console.Testing;
using Xunit;

namespace FreeMask.Cli.Tests.Progress;

public sealed class ProgressTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Lines_come_when_a_phase_begins_and_then_at_most_one_in_an_interval()
    {
        var lines = new ProgressLines(TimeSpan.FromSeconds(5));
        var heard = new List<string?>();
        for (var second = 0; second <= 12; second++)
            heard.Add(lines.Next(Producing(generated: second, seconds: second * 2.0), Start.AddSeconds(second)));

        var others = string.Join(", ", StageTable.Default.Producing.Skip(1).Select(stage => $"{stage.DisplayName} 0"));
        Assert.Equal([0, 5, 10], heard.Index().Where(item => item.Item is not null).Select(item => item.Index));
        Assert.Equal(
            $"[00:00] round 1/2 making samples: generated 0/20, {others} · time left not known yet",
            heard[0]
        );
        Assert.Equal(
            $"[00:10] round 1/2 making samples: generated 10/20, {others} · about 10 s left in this step",
            heard[10]
        );
    }

    [Fact]
    public void Nothing_is_said_while_nothing_moves()
    {
        var lines = new ProgressLines(TimeSpan.FromSeconds(5));

        Assert.NotNull(lines.Next(Producing(3, 6), Start));
        Assert.Null(lines.Next(Producing(3, 6), Start.AddMinutes(1)));
    }

    [Fact]
    public void Training_shows_its_steps_and_what_is_left_of_them()
    {
        var lines = new ProgressLines(TimeSpan.FromSeconds(5));

        // The first step comes after half a minute of loading, the others one in 0.3 s.
        Assert.Equal(
            "[00:00] round 1/2 training the segmenter: segmenter step 0/300 · time left not known yet",
            lines.Next(Training(0, null), Start)
        );
        Assert.Equal(
            "[00:30] round 1/2 training the segmenter: segmenter step 1/300 · time left not known yet",
            lines.Next(Training(1, null), Start.AddSeconds(30))
        );
        Assert.Equal(
            "[01:00] round 1/2 training the segmenter: segmenter step 101/300, loss 1.250 · about 60 s left in this step",
            lines.Next(Training(101, 1.25), Start.AddSeconds(60))
        );
    }

    [Fact]
    public async Task Following_a_run_without_a_terminal_prints_lines_until_it_ends()
    {
        using var console = new TestConsole();
        var context = new CommandContext
        {
            Out = console,
            Error = console,
            Json = false,
            Data = new DataFolder("unused"),
            Time = TimeProvider.System,
        };
        var answers = new Queue<RunStatus>([Producing(0, 0), Producing(20, 40), Completed()]);

        var last = await new RunFollower(context) { Interval = TimeSpan.Zero }.FollowAsync(
            _ => Task.FromResult(answers.Dequeue()),
            "hint",
            TestContext.Current.CancellationToken
        );

        Assert.Equal(RunState.Completed, last.State);
        var lines = console.Output.TrimEnd().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.EndsWith("r is completed", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_progress_view_shows_the_funnel_and_escapes_user_text()
    {
        using var console = new TestConsole().Width(100);
        var status = Producing(10, 20) with { Run = "a[b]c", Reason = "because [x]" };

        console.Write(new ProgressView(unicode: false).Draw(status, Start.AddSeconds(3), "Ctrl-C stops"));

        Assert.Contains("a[b]c  running  round 1 of 2, making samples  00:03, time left not", console.Output, StringComparison.Ordinal);
        Assert.Contains("generated    ################................", console.Output, StringComparison.Ordinal);
        Assert.Contains("because [x]", console.Output, StringComparison.Ordinal);
        Assert.Contains("Ctrl-C stops", console.Output, StringComparison.Ordinal);
    }

    private static RunStatus Producing(int generated, double seconds) => With(new RoundStatus
    {
        Round = 0,
        Phase = RoundPhase.Producing,
        StartedAt = Start,
        Counts = new StateCounts(Planned: 20, Generated: generated),
        Seconds = new StageSeconds(Generate: seconds),
    });

    private static RunStatus Training(int step, double? loss) => With(new RoundStatus
    {
        Round = 0,
        Phase = RoundPhase.Training,
        StartedAt = Start,
        Training = new TrainingProgress("segmenter", step, 300, loss),
    });

    private static RunStatus Completed() =>
        new()
        {
            Run = "r",
            State = RunState.Completed,
            RoundsPlanned = 2,
            StartedAt = Start,
            EndedAt = Start.AddMinutes(1),
        };

    private static RunStatus With(RoundStatus round) =>
        new()
        {
            Run = "r",
            State = RunState.Running,
            RoundsPlanned = 2,
            StartedAt = Start,
            Rounds = [round],
        };
}
