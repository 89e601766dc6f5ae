using System.Collections.Concurrent;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>Quarantined samples are retried on request, one or all, also with faults meanwhile.</summary>
public sealed class RetryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Timeout = 600_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Quarantined_samples_are_tried_again_one_or_all(bool all)
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var go = await PauseWithTwoQuarantinedAsync(silo);
        silo.Stages.Before = (_, _, _) => Task.CompletedTask;
        await silo.Run("run").Retry(all ? null : [3]);
        await silo.Run("run").Retry(all ? null : [3]);
        silo.Arm("run");
        await silo.Run("run").Resume();
        go.SetResult();
        await silo.RestingAsync("run");
        var status = await silo.Run("run").GetStatus();
        Assert.Equal(RunState.Completed, status.State);
        var samples = await silo.SamplesAsync("run", 0);
        Assert.NotEqual(SampleState.Quarantined, samples[3].State);
        Assert.Equal(all, samples[8].State != SampleState.Quarantined);
        Assert.Equal(all, straight.ManifestHash == status.ManifestHash);
        // A closed round never changes.
        await silo.Run("run").Retry();
        Assert.Equal(status.ManifestHash, (await silo.Run("run").GetStatus()).ManifestHash);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_retry_holds_when_the_silo_dies_before_the_shard_has_kept_it()
    {
        string? expected;
        await using (var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken))
        {
            expected = (await silo.CompleteAsync("straight", TestSilo.SmallSpec)).ManifestHash;
            await PauseWithTwoQuarantinedAsync(silo);
            silo.Faults.Decide = (name, _, _) => name == "shard" ? WriteOutcome.FailsBefore : WriteOutcome.Applied;
            await Assert.ThrowsAnyAsync<Exception>(() => silo.Run("run").Retry());
            // Dead: nothing is stored any more.
            silo.Faults.Decide = (_, _, _) => WriteOutcome.FailsBefore;
        }

        await using var next = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        await next.Run("run").Retry();
        await next.Run("run").Resume();
        Assert.Equal(RunState.Completed, await next.RestingAsync("run"));
        Assert.Equal(expected, (await next.Run("run").GetStatus()).ManifestHash);
    }

    [Fact(Timeout = 600_000)]
    public async Task Pause_resume_and_cancel_hold_when_the_silo_dies()
    {
        await using (var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken))
        {
            await silo.Run("paused").Start(TestSilo.SmallSpec);
            await silo.Run("paused").Pause("lunch");
            await silo.Run("cancelled").Start(TestSilo.SmallSpec);
            await silo.Run("cancelled").Cancel("enough");
            await silo.Run("resumed").Start(TestSilo.SmallSpec);
            await silo.Run("resumed").Pause("a moment");
            await silo.Run("resumed").Resume();
            silo.Faults.Decide = (_, _, _) => WriteOutcome.FailsBefore;
        }

        await using var next = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var (paused, cancelled) = (await next.Run("paused").GetStatus(), await next.Run("cancelled").GetStatus());
        Assert.Equal((RunState.Paused, "lunch"), (paused.State, paused.Reason));
        Assert.Equal((RunState.Cancelled, "enough"), (cancelled.State, cancelled.Reason));
        await next.Run("cancelled").Resume();
        await next.Run("resumed").Resume();
        Assert.Equal(RunState.Completed, await next.RestingAsync("resumed"));
        Assert.Equal(RunState.Cancelled, (await next.Run("cancelled").GetStatus()).State);
        await next.Run("paused").Resume();
        await next.Run("paused").Resume();
        Assert.Equal(RunState.Completed, await next.RestingAsync("paused"));
        Assert.Equal((await next.Run("resumed").GetStatus()).ManifestHash, (await next.Run("paused").GetStatus()).ManifestHash);
    }

    /// <summary>
    /// Leads the run to a state in which samples 3 and 8 are quarantined at composition, another is in composition, and the run is paused.
    /// </summary>
    /// <returns>Lets it continue.</returns>
    private static async Task<TaskCompletionSource> PauseWithTwoQuarantinedAsync(TestSilo silo)
    {
        var (held, go) = (
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
        );
        var tries = new ConcurrentDictionary<int, int>();
        silo.Stages.Before = async (kind, inputs, token) =>
        {
            if (inputs[0] is not { Run: "run", Round: 0 } || kind != Stage.Compose) return;
            if (inputs.Any(i => i.Index is 3 or 8))
            {
                if (inputs.Count == 1) tries.AddOrUpdate(inputs[0].Index, 1, (_, n) => n + 1);
                throw new InvalidOperationException("poison");
            }

            if (inputs.All(i => i.Index != 11)) return;
            // The last sample keeps the round open, once the poison samples no longer need the device.
            if (tries.Count < 2 || tries.Values.Any(n => n < TestSilo.SmallSpec.Execution.MaxAttempts))
                throw new ArtifactStoreException("not yet");
            held.TrySetResult();
            await go.Task.WaitAsync(token);
        };
        await silo.Run("run").Start(TestSilo.SmallSpec);
        await held.Task.WaitAsync(TestContext.Current.CancellationToken);
        while (true)
        {
            var samples = await silo.SamplesAsync("run", 0);
            if (samples[3].State == SampleState.Quarantined && samples[8].State == SampleState.Quarantined) break;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        await silo.Run("run").Pause("to look at the poison");
        await silo.RestingAsync("run");
        return go;
    }
}
