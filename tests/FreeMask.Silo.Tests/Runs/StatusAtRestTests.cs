using FreeMask.GrainInterfaces;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>The status of a run whose process has ended equals the last one of the process.</summary>
public sealed class StatusAtRestTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Timeout = 600_000)]
    [InlineData(Stage.Mask)]
    [InlineData(Stage.Compose)]
    [InlineData(Stage.Score)]
    public async Task Counts_and_failures_of_a_killed_process_are_read_from_the_records(Stage moment)
    {
        var (live, copy) = (Path.Combine(_folder.Path, "live"), Path.Combine(_folder.Path, "copy"));
        RunStatus told;
        await using (var silo = await TestSilo.StartAsync(live, TestContext.Current.CancellationToken))
        {
            var (batches, reached) = (0, new TaskCompletionSource());
            silo.Stages.Before = async (kind, _, token) =>
            {
                if (kind != moment || Interlocked.Increment(ref batches) < 2) return;
                reached.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            };
            await silo.Run("run").Start(TestSilo.SmallSpec with { Execution = TestSilo.SmallSpec.Execution with { ShardSize = 12 } });
            await reached.Task.WaitAsync(TestContext.Current.CancellationToken);
            told = await SettledAsync(silo);
            // The files of a killed process.
            Copy(live, copy);
        }

        await using var next = await TestSilo.StartAsync(copy, TestContext.Current.CancellationToken);
        var read = await next.Run("run").GetStatus();
        Assert.Equal(told.State, read.State);
        Assert.Equal(told.Rounds.Select(r => (r.Round, r.Phase, r.Counts)), read.Rounds.Select(r => (r.Round, r.Phase, r.Counts)));
        Assert.Equal(told.Rounds.SelectMany(r => r.Failures), read.Rounds.SelectMany(r => r.Failures));
        Assert.True(read.Rounds[0].Counts.Generated > 0);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_failed_run_keeps_its_reason_counts_and_failures()
    {
        RunStatus told;
        await using (var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken))
        {
            silo.Stages.Before = (kind, inputs, _) =>
                kind == Stage.Harmonize ? throw new FreeMaskException("no harmonizer") : Task.CompletedTask;
            told = await silo.CompleteAsync("run", TestSilo.SmallSpec);
            Assert.Equal(RunState.Failed, told.State);
            told = await SettledAsync(silo);
        }

        await using var next = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var read = await next.Run("run").GetStatus();
        Assert.Equal((told.State, told.Reason), (read.State, read.Reason));
        Assert.Equal(told.Rounds.Select(r => (r.Phase, r.Counts)), read.Rounds.Select(r => (r.Phase, r.Counts)));
        Assert.Equal(told.Rounds.SelectMany(r => r.Failures), read.Rounds.SelectMany(r => r.Failures));
    }

    /// <summary>The status once two successive ones are equal, after all results have arrived.</summary>
    private static async Task<RunStatus> SettledAsync(TestSilo silo)
    {
        var last = await silo.Run("run").GetStatus();
        while (true)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, TestContext.Current.CancellationToken);
            var now = await silo.Run("run").GetStatus();
            if (now.Rounds.Select(r => r.Counts).SequenceEqual(last.Rounds.Select(r => r.Counts))) return now;
            last = now;
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (
            var file in Directory
                .EnumerateFiles(from, "*", SearchOption.AllDirectories)
                .Where(f => !f.EndsWith(".lock", StringComparison.Ordinal))
        )
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var copy = File.Create(target);
            source.CopyTo(copy);
        }
    }
}
