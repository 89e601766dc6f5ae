using FreeMask.GrainInterfaces;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>Unreferenced artifacts are removed; referenced ones stay.</summary>
public sealed class CollectionTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task What_rejected_attempts_left_goes_and_a_completed_run_stays_whole()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec);
        Assert.True(status.Rounds.Sum(r => r.Counts.Rejected) > 0);
        var stray = await silo.Artifacts.PutAsync("stray"u8.ToArray(), TestContext.Current.CancellationToken);

        Assert.Equal(0, (await CollectAsync(silo, TimeSpan.FromHours(1))).Removed);
        Assert.True(await silo.Artifacts.ExistsAsync(stray, TestContext.Current.CancellationToken));

        var report = await CollectAsync(silo, TimeSpan.Zero);
        output.WriteLine($"{report.Removed} of {report.Found} artifacts removed");
        Assert.False(await silo.Artifacts.ExistsAsync(stray, TestContext.Current.CancellationToken));
        // At least an image and an attention record for each rejected mask.
        Assert.True(report.Removed > 2 * status.Rounds.Sum(r => r.Counts.Rejected));
        await AssertWholeAsync(silo, status);
        Assert.Equal(0, (await CollectAsync(silo, TimeSpan.Zero)).Removed);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_cancelled_run_leaves_its_closed_rounds_and_no_orphans()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);
        await CollectAsync(silo, TimeSpan.Zero);
        var before = await StoredAsync(silo);

        var (working, go) = (
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
        );
        silo.Stages.OnDevice = async (_, kind, inputs, _) =>
        {
            if (inputs[0] is not { Run: "cancelled", Round: 1 } || kind != Stage.Harmonize) return;
            working.TrySetResult();
            await go.Task;
        };
        // Another seed: no artifact is shared with the run that stays.
        await silo.Run("cancelled").Start(TestSilo.SmallSpec with { Seed = 77 });
        await working.Task.WaitAsync(TestContext.Current.CancellationToken);
        await silo.Run("cancelled").Cancel("wrong prompt");
        await silo.Run("cancelled").Cancel("again");
        // The running batch ends after the run, with a late result.
        go.SetResult();
        await IdleAsync(silo, "cancelled");
        var status = await silo.Run("cancelled").GetStatus();
        Assert.Equal((RunState.Cancelled, "wrong prompt"), (status.State, status.Reason));

        await CollectAsync(silo, TimeSpan.Zero);
        await AssertWholeAsync(silo, straight);
        var closed = Assert.Single(status.Rounds, r => r.Phase == RoundPhase.Closed);
        var open = (await silo.SamplesAsync("cancelled", 1))
            .SelectMany(s => s.Artifacts)
            .Select(a => a.Hash)
            .ToHashSet(StringComparer.Ordinal);
        var kept = (await silo.SamplesAsync("cancelled", closed.Round))
            .SelectMany(s => s.Artifacts)
            .Select(a => a.Hash)
            .ToHashSet(StringComparer.Ordinal);
        var after = await StoredAsync(silo);
        Assert.NotEmpty(open);
        Assert.Subset(after, kept);
        Assert.Empty(open.Except(kept).Intersect(after));
        output.WriteLine(
            $"{before.Count} artifacts before the cancelled run, {after.Count} after its collection, {kept.Count} of its closed round's "
                + "samples"
        );
    }

    [Fact(Timeout = 600_000)]
    public async Task A_run_at_work_loses_nothing_to_a_collection()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec with { Seed = 5 });
        silo.Stages.ReadsInputs = true;
        // Collections while a run is active. Artifacts get a record in less than the minimum age.
        silo.Stages.Before = (_, _, _) => silo.Grains.GetGrain<IArtifactCollectorGrain>(0).Collect(TimeSpan.FromSeconds(20));
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec with { Seed = 5 });
        Assert.Equal(straight.ManifestHash, status.ManifestHash);
        Assert.Equal(0, status.Rounds.Sum(r => r.Counts.Quarantined));
        await AssertWholeAsync(silo, status);
    }

    [Fact(Timeout = 600_000)]
    public async Task The_end_of_a_run_collects_and_no_checkpoint_of_a_training_stays()
    {
        await using var silo = await TestSilo.StartAsync(
            _folder.Path,
            TestContext.Current.CancellationToken,
            settings: [new("FreeMask:Collection:Interval", "06:00:00")]
        );
        var largest = 0;
        silo.Training.AfterCheckpoint = async (_, _) => largest = Math.Max(largest, (await CheckpointsAsync(silo)).Count);
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec);
        // The previous checkpoint exists until the next is stored.
        Assert.InRange(largest, 1, 2);
        Assert.Empty(await CheckpointsAsync(silo));
        var report = await EndedAsync(silo);
        output.WriteLine(
            $"{report.Removed} of {report.Found} artifacts removed, {report.Named} named, {status.Rounds.Sum(r => r.Counts.Rejected)} "
                + $"masks rejected; {report.Error}"
        );
        Assert.True(report.Removed >= 2 * status.Rounds.Sum(r => r.Counts.Rejected));
        await AssertWholeAsync(silo, status);
    }

    [Fact(Timeout = 600_000)]
    public async Task What_is_only_counted_stays()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        await silo.CompleteAsync("run", TestSilo.SmallSpec);
        var before = await StoredAsync(silo);
        await silo.Grains.GetGrain<IArtifactCollectorGrain>(0).Collect(TimeSpan.Zero, countOnly: true);
        var counted = await EndedAsync(silo);
        Assert.True(counted.Removed > 0);
        Assert.Equal(before, await StoredAsync(silo));
        Assert.Equal(counted.Removed, (await CollectAsync(silo, TimeSpan.Zero)).Removed);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_run_that_is_removed_leaves_no_record_and_the_others_whole()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var kept = await silo.CompleteAsync("kept", TestSilo.SmallSpec);
        await silo.CompleteAsync("removed", TestSilo.SmallSpec with { Seed = 9 });
        await CollectAsync(silo, TimeSpan.Zero);
        var before = await StoredAsync(silo);
        await silo.Run("removed").Remove();
        Assert.Equal(["kept"], await silo.Grains.GetGrain<IRunDirectoryGrain>(0).List());
        Assert.Equal(RunState.Unknown, (await silo.Run("removed").GetStatus()).State);
        Assert.Null(await silo.Grains.GetGrain<ISampleGrain>("removed/0/3").Get());
        await CollectAsync(silo, TimeSpan.Zero);
        Assert.True((await StoredAsync(silo)).Count < before.Count * 2 / 3);
        await AssertWholeAsync(silo, kept);
        Assert.Equal(kept.ManifestHash, (await silo.Run("kept").GetStatus()).ManifestHash);
        // The name can be used again.
        silo.Arm("removed");
        Assert.Equal(kept.ManifestHash, (await silo.CompleteAsync("removed", TestSilo.SmallSpec)).ManifestHash);
    }

    [Fact(Timeout = 600_000)]
    public async Task The_last_run_takes_its_artifacts_with_it()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        await silo.CompleteAsync("run", TestSilo.SmallSpec);
        await silo.Run("run").Remove();
        await silo.Grains.GetGrain<IArtifactCollectorGrain>(0).Collect();
        Assert.Null((await EndedAsync(silo)).Error);
        Assert.Empty(await StoredAsync(silo));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_run_at_work_is_not_removed()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var working = new TaskCompletionSource();
        silo.Stages.Before = async (_, _, token) =>
        {
            working.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
        };
        await silo.Run("run").Start(TestSilo.SmallSpec);
        await working.Task.WaitAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<RunRejectedException>(() => silo.Run("run").Remove());
        await Assert.ThrowsAsync<RunRejectedException>(() => silo.Run("nosuch").Remove());
    }

    /// <summary>Checkpoints of the fake training are hashes as text.</summary>
    private static async Task<List<string>> CheckpointsAsync(TestSilo silo)
    {
        var found = new List<string>();
        await foreach (var artifact in silo.Artifacts.ListAsync(TestContext.Current.CancellationToken))
            if (artifact.Bytes == 64) found.Add(artifact.Hash);
        return found;
    }

    private static async Task<CollectionReport> EndedAsync(TestSilo silo)
    {
        CollectionReport report;
        do
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
            report = await silo.Grains.GetGrain<IArtifactCollectorGrain>(0).GetReport();
        }
        while (report.EndedAt is null);
        return report;
    }

    private static async Task<CollectionReport> CollectAsync(TestSilo silo, TimeSpan grace)
    {
        var collector = silo.Grains.GetGrain<IArtifactCollectorGrain>(0);
        await collector.Collect(grace);
        CollectionReport report;
        do
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
            report = await collector.GetReport();
        }
        while (report.Running);
        Assert.Null(report.Error);
        return report;
    }

    private static async Task IdleAsync(TestSilo silo, string run)
    {
        while (!(await silo.Run(run).GetStatus()).Idle)
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    private static async Task<HashSet<string>> StoredAsync(TestSilo silo)
    {
        var hashes = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var artifact in silo.Artifacts.ListAsync(TestContext.Current.CancellationToken)) hashes.Add(artifact.Hash);
        return hashes;
    }

    /// <summary>Every artifact that the records of a completed run refer to exists.</summary>
    private static async Task AssertWholeAsync(TestSilo silo, RunStatus status)
    {
        foreach (var part in status.ManifestParts.Concat(status.Segmenter!.Hashes))
            await silo.Artifacts.GetAsync(part, TestContext.Current.CancellationToken);
        foreach (var round in status.Rounds)
            foreach (var artifact in (await silo.SamplesAsync(status.Run, round.Round)).SelectMany(s => s.Artifacts))
                await silo.Artifacts.GetAsync(artifact.Hash, TestContext.Current.CancellationToken);
    }
}
