using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;
using FreeMask.Grains.Tests.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Stages;

public sealed class StageWatchdogTests
{
    [Fact]
    public async Task Time_counts_from_the_last_call()
    {
        var time = new ManualTime();
        var calls = new Queue<TaskCompletionSource<IReadOnlyList<StageOutcome>>>([new(), new()]);
        var inner = new Inner(calls);
        var watchdog = new StageWatchdog(inner, time);
        time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(TimeSpan.Zero, watchdog.Elapsed);
        var first = watchdog.RunAsync(Stage.Generate, Specs.Small, [], TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.FromSeconds(7), watchdog.Elapsed);
        inner.Running!.SetResult([]);
        await first;
        var second = watchdog.RunAsync(Stage.Generate, Specs.Small, [], TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(2), watchdog.Elapsed);
        inner.Running!.SetResult([]);
        await second;
    }

    private sealed class Inner(Queue<TaskCompletionSource<IReadOnlyList<StageOutcome>>> calls) : IStageRunner
    {
        public TaskCompletionSource<IReadOnlyList<StageOutcome>>? Running { get; private set; }

        public Task<IReadOnlyList<StageOutcome>> RunAsync(
            Stage stage,
            RunSpec spec,
            IReadOnlyList<StageInput> inputs,
            CancellationToken cancellationToken
        )
        {
            Running = calls.Dequeue();
            return Running.Task;
        }
    }
}
