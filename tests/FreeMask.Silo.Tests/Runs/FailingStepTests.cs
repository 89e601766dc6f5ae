using System.Diagnostics;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Artifacts;
using FreeMask.Silo.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>A step of a run, round or shard that fails again and again is a note of the run's status until one succeeds.</summary>
public sealed class FailingStepTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The records of one kind cannot be written, from the first on or later.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("run", 1)]
    [InlineData("round", 0)]
    [InlineData("round", 3)]
    [InlineData("shard", 0)]
    [InlineData("shard", 3)]
    public async Task A_store_that_takes_no_record_is_told_until_it_does(string record, int taken)
    {
        var (written, isAway) = (0, true);
        var faults = new StorageFaults
        {
            Decide = (name, _, _) => name == record && Interlocked.Increment(ref written) > taken && Volatile.Read(ref isAway)
                ? WriteOutcome.FailsBefore
                : WriteOutcome.Applied,
        };
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken, faults);
        await AssertToldAsync(silo, "waiting: The write was refused by the test; it tries again", () => Volatile.Write(ref isAway, false));
    }

    [Theory(Timeout = 60_000)]
    [InlineData(9)]
    [InlineData(40)]
    public async Task A_store_that_cannot_be_reached_at_all_is_told_with_what_is_known(int taken)
    {
        var (written, isAway) = (0, true);
        var faults = new StorageFaults
        {
            Decide = (_, _, _) => Interlocked.Increment(ref written) > taken && Volatile.Read(ref isAway)
                ? WriteOutcome.FailsBefore
                : WriteOutcome.Applied,
            BeforeRead = () =>
            {
                if (Volatile.Read(ref written) > taken && Volatile.Read(ref isAway)) throw new IOException("The store is away.");
            },
        };
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken, faults);
        // By a step that fails, or by the devices, whose results cannot be kept.
        await AssertToldAsync(silo, "waiting: The store is away", () => Volatile.Write(ref isAway, false));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_disk_that_is_full_as_a_round_writes_a_list_is_told_until_it_is_not()
    {
        var isFull = true;
        var artifacts = new FaultyArtifacts(new FolderArtifactStore(Path.Combine(_folder.Path, "artifacts"), TimeProvider.System));
        await using var silo = await TestSilo.StartAsync(
            _folder.Path,
            TestContext.Current.CancellationToken,
            services: all => all.AddSingleton<IArtifactStore>(artifacts));
        // Nothing is written after the last sample is scored but lists and models.
        artifacts.BeforePut = _ =>
        {
            var scored = silo.Stages.Executions.Keys.Count(key => key.StartsWith("run/Score/", StringComparison.Ordinal));
            if (scored >= TestSilo.SmallSpec.SamplesPerRound && Volatile.Read(ref isFull))
                throw new ArtifactStoreException("The artifact folder takes nothing: No space left on device");
        };
        await AssertToldAsync(
            silo,
            "waiting: The artifact folder takes nothing: No space left on device; it tries again",
            () => Volatile.Write(ref isFull, false));
    }

    private static async Task AssertToldAsync(TestSilo silo, string expected, Action repair)
    {
        // After the repair no training ends until the note was seen to go.
        var (go, isRepaired) = (new TaskCompletionSource(), false);
        silo.Training.AfterCheckpoint = (_, _) => Volatile.Read(ref isRepaired) ? go.Task : Task.CompletedTask;
        await silo.Run("run").Start(TestSilo.SmallSpec);
        await UntilAsync(status => status.Notes.Any(note => note.StartsWith(expected, StringComparison.Ordinal)));
        Assert.DoesNotContain((await silo.Run("run").GetStatus()).Notes, note => note.Contains('\n', StringComparison.Ordinal));
        Volatile.Write(ref isRepaired, true);
        repair();
        await UntilAsync(status => status.Notes.IsEmpty);
        Assert.Equal(RunState.Running, (await silo.Run("run").GetStatus()).State);
        go.SetResult();
        Assert.Equal(RunState.Completed, await silo.RestingAsync("run"));

        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);
        var status = await silo.Run("run").GetStatus();
        Assert.Equal(straight.ManifestHash, status.ManifestHash);
        Assert.Empty(status.Notes);

        async Task UntilAsync(Func<RunStatus, bool> fits)
        {
            var started = Stopwatch.StartNew();
            while (await silo.Run("run").GetStatus() is var status && !fits(status))
            {
                Assert.True(started.Elapsed < Patience, $"the notes are still: {string.Join("; ", status.Notes)}");
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
        }
    }
}
