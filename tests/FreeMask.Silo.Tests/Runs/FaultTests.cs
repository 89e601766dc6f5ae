using System.Collections.Concurrent;
using FreeMask.GrainInterfaces;
using FreeMask.Randomness;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>After any fault, an interrupted run ends with the manifest of an undisturbed one, and no stored work is repeated.</summary>
public sealed class FaultTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // Small, so that every write of it can be failed; one round with fold models, one scored by the previous round's segmenter.
    private static RunSpec Spec { get; } = TestSilo.SmallSpec with { SamplesPerRound = 4, Classes = ["cat", "dog"] };

    public void Dispose() => _folder.Dispose();

    [Theory(Timeout = 600_000)]
    [InlineData((int)WriteOutcome.FailsBefore)]
    [InlineData((int)WriteOutcome.FailsAfter)]
    [InlineData((int)WriteOutcome.Late)]
    public async Task Every_single_write_may_fail(int outcome)
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", Spec);
        var writes = silo.Faults.Writes;
        output.WriteLine($"{writes} writes in the run, each failed once ({(WriteOutcome)outcome})");

        // Counted per run: the i-th write of the i-th run fails, whatever the other runs of the silo do.
        var counts = new ConcurrentDictionary<string, int>();
        silo.Faults.Decide = (_, key, _) =>
        {
            var run = key.Split('/')[0];
            return run.StartsWith("run-", StringComparison.Ordinal) && $"run-{counts.AddOrUpdate(run, 1, (_, n) => n + 1)}" == run
                ? (WriteOutcome)outcome
                : WriteOutcome.Applied;
        };
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(1, (int)writes), parallel, async (i, _) =>
        {
            var status = await StartStubbornlyAsync(silo, $"run-{i}");
            Assert.Equal(RunState.Completed, status.State);
            Assert.True(
                straight.ManifestHash == status.ManifestHash,
                $"write {i} failed ({(WriteOutcome)outcome}), and the manifest became another"
            );
            AssertEverySampleEndedOnce(status);
            AssertWorkedOnce(
                    silo.Stages.Executions.Where(e => e.Key.StartsWith($"run-{i}/", StringComparison.Ordinal)),
                    Spec.Generation.Batch
                );
        });
    }

    [Theory(Timeout = 900_000)]
    [InlineData(DonorChoices.All)]
    [InlineData(DonorChoices.Judged)]
    public async Task A_silo_that_dies_at_any_write_goes_on_in_the_next(string donors)
    {
        var spec = TestSilo.SmallSpec with { Composition = new CompositionSpec { Donors = donors } };
        string? expected;
        long writes;
        await using (var silo = await TestSilo.StartAsync(Path.Combine(_folder.Path, "straight"), TestContext.Current.CancellationToken))
        {
            expected = (await silo.CompleteAsync("run", spec)).ManifestHash;
            writes = silo.Faults.Writes;
        }

        for (ulong seed = 1; seed <= 5; seed++)
        {
            var last = 4 + new CounterRandom(seed, "crash").NextInt((int)writes - 4);
            output.WriteLine($"seed {seed}: dies after write {last} of {writes}");
            var folder = Path.Combine(_folder.Path, $"crash-{seed}");
            await using (var dying = await TestSilo.StartAsync(folder, TestContext.Current.CancellationToken))
            {
                // After the last write nothing is written to disk any more: later changes in memory are lost, as when a process dies.
                var dead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                dying.Faults.Decide = (_, _, number) =>
                {
                    if (number <= last) return WriteOutcome.Applied;
                    dead.TrySetResult();
                    return WriteOutcome.FailsBefore;
                };
                await dying.Run("run").Start(spec);
                await dead.Task.WaitAsync(TestContext.Current.CancellationToken);
            }

            await using var next = await TestSilo.StartAsync(folder, TestContext.Current.CancellationToken);
            await next.Run("run").Resume();
            Assert.Equal(RunState.Completed, await next.RestingAsync("run"));
            Assert.Equal(expected, (await next.Run("run").GetStatus()).ManifestHash);
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task A_silo_that_is_stopped_in_a_batch_stops_soon_and_the_next_goes_on()
    {
        Dictionary<string, int> before;
        await using (var stopped = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken))
        {
            var working = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            stopped.Stages.Before = async (kind, _, token) =>
            {
                if (kind != Stage.Compose) return;
                working.TrySetResult();
                // A batch that never ends: only the stop cancels it.
                await Task.Delay(Timeout.Infinite, token);
            };
            await stopped.Run("run").Start(TestSilo.SmallSpec);
            await working.Task.WaitAsync(TestContext.Current.CancellationToken);
            await stopped.StopAsync();
            before = new Dictionary<string, int>(stopped.Stages.Executions);
        }

        await using var next = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        await next.Run("run").Resume();
        await next.RestingAsync("run");
        // Everything before the barrier was stored: none of it is generated or masked again.
        Assert.NotEmpty(before);
        Assert.Empty(before.Keys.Intersect(next.Stages.Executions.Keys));
        var straight = await next.CompleteAsync("straight", TestSilo.SmallSpec);
        Assert.Equal(straight.ManifestHash, (await next.Run("run").GetStatus()).ManifestHash);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_training_goes_on_from_its_last_checkpoint()
    {
        var spec = TestSilo.SmallSpec with { Rounds = 1, Training = new TrainingSpec { Steps = 40, CheckpointSteps = 5 } };
        int before;
        await using (var stopped = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken))
        {
            var working = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            stopped.Training.AfterCheckpoint = async (checkpoint, token) =>
            {
                if (checkpoint.Step != 25) return;
                working.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            };
            await stopped.Run("run").Start(spec);
            await working.Task.WaitAsync(TestContext.Current.CancellationToken);
            before = stopped.Training.StepsDone;
        }

        await using var next = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        await next.Run("run").Resume();
        await next.RestingAsync("run");
        var after = next.Training.StepsDone;
        var straight = await next.CompleteAsync("straight", spec);
        Assert.Equal(straight.Segmenter, (await next.Run("run").GetStatus()).Segmenter);
        Assert.Equal(25, before);
        Assert.Equal(next.Training.StepsDone - after, before + after);
    }

    // The first writes of a run are part of the caller's call: it fails, and the caller starts the run again.
    private static async Task<RunStatus> StartStubbornlyAsync(TestSilo silo, string run)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await silo.CompleteAsync(run, Spec);
            }
            catch (Exception exception) when (attempt < 4 && exception is not OperationCanceledException)
            {
                // Starting is idempotent.
            }
        }
    }

    private static void AssertEverySampleEndedOnce(RunStatus status) => Assert.All(
        status.Rounds, r => Assert.Equal(r.Counts.Planned, r.Counts.Kept + r.Counts.Dropped + r.Counts.Quarantined));

    private static void AssertWorkedOnce(IEnumerable<KeyValuePair<string, int>> executions, int inFlight)
    {
        var redone = executions.Sum(e => e.Value - 1);
        Assert.True(redone <= inFlight, $"{redone} pieces of work were done again; at most {inFlight} were in flight");
    }
}
