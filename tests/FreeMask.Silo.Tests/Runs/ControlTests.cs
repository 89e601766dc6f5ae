using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Fakes;
using Orleans.Core.Internal;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>Commands of a user, and faults of a run that retries do not resolve.</summary>
public sealed class ControlTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task A_paused_run_rests_until_it_is_resumed_and_ends_as_if_it_had_not()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var (working, go) = (Signal(), Signal());
        silo.Stages.Before = async (kind, inputs, token) =>
        {
            if (inputs[0].Run != "paused" || kind != Stage.Harmonize || !working.TrySetResult()) return;
            await go.Task.WaitAsync(token);
        };
        await silo.Run("paused").Start(TestSilo.SmallSpec);
        await working.Task.WaitAsync(TestContext.Current.CancellationToken);
        await silo.Run("paused").Pause("lunch");
        await silo.Run("paused").Pause("dinner");
        var status = await silo.Run("paused").GetStatus();
        Assert.Equal((RunState.Paused, "lunch"), (status.State, status.Reason));

        silo.Arm("paused");
        await silo.Run("paused").Resume();
        go.SetResult();
        Assert.Equal(RunState.Completed, await silo.RestingAsync("paused"));
        Assert.Equal(straight.ManifestHash, (await silo.Run("paused").GetStatus()).ManifestHash);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_run_that_nobody_notifies_continues_when_a_query_activates_it()
    {
        var settings = new Dictionary<string, string?> { ["FreeMask:ResumeRuns"] = "true" };
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken, settings: settings);
        var (working, go) = (Signal(), Signal());
        silo.Stages.Before = async (_, _, token) =>
        {
            working.TrySetResult();
            await go.Task.WaitAsync(token);
        };
        await silo.Run("run").Start(TestSilo.SmallSpec);
        await working.Task.WaitAsync(TestContext.Current.CancellationToken);
        // As when the silo of all these grains leaves.
        await DeactivateAsync(silo.Run("run"));
        await DeactivateAsync(silo.Grains.GetRound("run", 0));
        for (var shard = 0; shard < 3; shard++) await DeactivateAsync(silo.Grains.GetShard("run", 0, shard));
        go.SetResult();
        await silo.Run("run").GetStatus();
        Assert.Equal(RunState.Completed, await silo.RestingAsync("run"));

        static ValueTask DeactivateAsync(IGrain grain) => grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_cancelled_run_is_over()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var working = Signal();
        silo.Stages.Before = async (_, _, token) =>
        {
            if (working.TrySetResult()) await Task.Delay(Timeout.Infinite, token);
        };
        await silo.Run("run").Start(TestSilo.SmallSpec);
        await working.Task.WaitAsync(TestContext.Current.CancellationToken);
        await silo.Run("run").Cancel("enough");
        await silo.Run("run").Resume();
        await silo.Run("run").Retry();
        var status = await silo.Run("run").GetStatus();
        Assert.Equal((RunState.Cancelled, "enough"), (status.State, status.Reason));
        Assert.NotNull(status.EndedAt);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_poison_sample_is_quarantined_and_the_others_are_not_affected()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        silo.Stages.Before = (kind, inputs, _) => kind == Stage.Compose && inputs.Any(i => i is { Round: 0, Index: 4 })
            ? throw new InvalidOperationException("poison")
            : Task.CompletedTask;
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec with { Rounds = 1 });
        Assert.Equal(RunState.Completed, status.State);
        Assert.Equal(1, status.Rounds[0].Counts.Quarantined);
        Assert.Equal(11, status.Rounds[0].Counts.Kept + status.Rounds[0].Counts.Dropped);
        Assert.Contains(status.Rounds[0].Failures, f => f.Reason.Contains("poison", StringComparison.Ordinal) && f.Example == 4);
        var poison = (await silo.SamplesAsync("run", 0))[4];
        Assert.Equal((SampleState.Quarantined, SampleState.Masked), (poison.State, poison.FailedAt));
        Assert.Contains("poison", poison.Failure, StringComparison.Ordinal);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_broken_model_fails_the_run_once_with_its_message_and_a_retry_goes_on()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);
        silo.Stages.Before = (kind, _, _) =>
            kind == Stage.Mask ? throw new FreeMaskException("unet/model.onnx is broken; pull it again") : Task.CompletedTask;
        Assert.Equal(RunState.Failed, (await silo.CompleteAsync("run", TestSilo.SmallSpec)).State);
        var status = await silo.Run("run").GetStatus();
        Assert.Equal("unet/model.onnx is broken; pull it again", status.Reason);
        Assert.Equal(0, status.Rounds[0].Counts.Quarantined);

        silo.Stages.Before = (_, _, _) => Task.CompletedTask;
        silo.Arm("run");
        await silo.Run("run").Retry();
        Assert.Equal(RunState.Completed, await silo.RestingAsync("run"));
        Assert.Equal(straight.ManifestHash, (await silo.Run("run").GetStatus()).ManifestHash);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_training_that_fails_fails_the_run_and_a_retry_goes_on()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        silo.Training.AfterCheckpoint = (_, _) => throw new FreeMaskException("out of memory");
        Assert.Equal(RunState.Failed, (await silo.CompleteAsync("run", TestSilo.SmallSpec)).State);
        Assert.Equal("out of memory", (await silo.Run("run").GetStatus()).Reason);

        silo.Training.AfterCheckpoint = (_, _) => Task.CompletedTask;
        silo.Arm("run");
        await silo.Run("run").Retry();
        Assert.Equal(RunState.Completed, await silo.RestingAsync("run"));
    }

    [Fact(Timeout = 600_000)]
    public async Task When_every_sample_is_lost_the_run_says_why_and_a_retry_uses_fresh_seeds()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var rejectAll = true;
        silo.Stages.Reject = () => rejectAll;
        var spec = TestSilo.SmallSpec with { Rounds = 1, Execution = TestSilo.SmallSpec.Execution with { MaxAttempts = 2 } };
        Assert.Equal(RunState.Failed, (await silo.CompleteAsync("run", spec)).State);
        Assert.Contains("rejected by the test", (await silo.Run("run").GetStatus()).Reason, StringComparison.Ordinal);

        rejectAll = false;
        silo.Arm("run");
        await silo.Run("run").Retry();
        Assert.Equal(RunState.Completed, await silo.RestingAsync("run"));
        Assert.All(await silo.SamplesAsync("run", 0), s => Assert.True(s.Attempt >= 2));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_data_folder_has_one_silo_and_others_connect_to_it()
    {
        var token = TestContext.Current.CancellationToken;
        await using (var silo = await TestSilo.StartAsync(_folder.Path, token))
        {
            await silo.CompleteAsync("run", TestSilo.SmallSpec with { Rounds = 1 });
            var refused = await Assert.ThrowsAsync<FreeMaskException>(() => TestSilo.StartAsync(_folder.Path, token));
            Assert.Contains($"process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);

            await using var connection = await SiloConnection.OpenAsync(
                new EmbeddedSiloOptions { DataFolder = _folder.Path, Services = _ => { } },
                null,
                token
            );
            Assert.True(connection.IsRemote);
            var status = await connection.Grains.GetGrain<IRunGrain>("run").GetStatus();
            Assert.Equal(RunState.Completed, status.State);
            Assert.NotEqual(0, (await connection.Artifacts.GetAsync(status.ManifestParts[0], token)).Length);
            var rejected = await Assert.ThrowsAsync<RunRejectedException>(() =>
                connection.Grains.GetGrain<IRunGrain>("bad").Start(TestSilo.SmallSpec with { Rounds = 0 })
            );
            Assert.Equal("rounds", Assert.Single(rejected.Problems).Path);
        }

        await using var again = await TestSilo.StartAsync(_folder.Path, token);
        Assert.Equal(RunState.Completed, (await again.Run("run").GetStatus()).State);
        Assert.Equal(12, (await again.SamplesAsync("run", 0)).Length);
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
