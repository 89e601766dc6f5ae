using System.Collections.Concurrent;
using System.Globalization;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Rounds;
using FreeMask.Hosting.Artifacts;
using FreeMask.Silo.Tests.Fakes;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>Images that are used twice: as they are, and with objects pasted in.</summary>
public sealed class SecondUseTests : IDisposable
{
    // Of 12 samples 4 are second uses: the drawings 0 to 3 are in the shards of 0 to 4, the second uses 8 to 11 in the others.
    private const int Drawings = 8;

    private readonly TemporaryFolder _folder = new();

    private static RunSpec Spec { get; } = TestSilo.SmallSpec with { Composition = new CompositionSpec { BothShare = 0.5 } };

    public void Dispose() => _folder.Dispose();

    [Theory(Timeout = 600_000)]
    [InlineData(DonorChoices.All)]
    [InlineData(DonorChoices.Judged)]
    public async Task A_second_use_has_the_image_of_its_drawing_which_is_made_once(string donors)
    {
        await using var silo = await StartAsync(TestContext.Current.CancellationToken);
        var spec = With(donors);
        var status = await silo.CompleteAsync("run", spec);
        Assert.Equal(RunState.Completed, status.State);
        for (var round = 0; round < spec.Rounds; round++)
        {
            var samples = await silo.SamplesAsync("run", round);
            var counts = status.Rounds[round].Counts;
            Assert.Equal((12, 4), (counts.Planned, status.Rounds[round].SecondUses));
            Assert.Equal(12, counts.Kept + counts.Dropped + counts.Quarantined);
            Assert.Equal(samples.Take(Drawings).Sum(s => s.Attempt), counts.Rejected);
            foreach (var second in samples.Skip(Drawings))
            {
                var drawing = samples[second.Index - Drawings];
                Assert.Equal(drawing.Index, second.Plan.Drawing);
                Assert.Equal((drawing.Plan.Class, drawing.Attempt), (second.Plan.Class, second.Attempt));
                foreach (var name in new[] { ArtifactNames.Image, ArtifactNames.Attention, ArtifactNames.Label })
                    Assert.Equal(drawing.Artifact(name), second.Artifact(name));
                if (second.State == SampleState.Quarantined) continue;
                Assert.NotEqual(drawing.Artifact(ArtifactNames.CompositeImage), second.Artifact(ArtifactNames.CompositeImage));
                Assert.DoesNotContain(second.Timings, t => t.Stage is Stage.Generate or Stage.Mask);
            }

            var hash = (await silo.Grains.GetRound("run", round).GetArtifacts()).Donors!;
            var listed = await SampleLists.ReadSnapshotAsync(silo.Artifacts, hash, TestContext.Current.CancellationToken);
            Assert.NotEmpty(listed);
            Assert.All(listed, donor => Assert.InRange(donor.Index, 0, Drawings - 1));
        }

        Assert.DoesNotContain(
            silo.Stages.Executions.Keys.Select(key => key.Split('/')),
            work => work[1] is nameof(Stage.Generate) or nameof(Stage.Mask)
                && int.Parse(work[3], CultureInfo.InvariantCulture) >= Drawings);
        Assert.All(silo.Stages.Executions.Values, times => Assert.Equal(1, times));
    }

    [Theory(Timeout = 600_000)]
    [InlineData(DonorChoices.All)]
    [InlineData(DonorChoices.Judged)]
    public async Task The_manifest_does_not_depend_on_shards_windows_or_devices_that_fail(string donors)
    {
        await using var silo = await StartAsync(TestContext.Current.CancellationToken);
        var spec = With(donors);
        var straight = await silo.CompleteAsync("straight", spec);
        var other = await silo.CompleteAsync("other", spec with { Execution = spec.Execution with { ShardSize = 100, Window = 1 } });
        await ManifestDifferences.AssertEqualAsync(silo.Artifacts, straight, other);
        var tried = new ConcurrentDictionary<string, bool>();
        silo.Stages.Before = (stage, inputs, _) =>
            inputs[0].Run == "faulty" && tried.TryAdd($"{stage}/{inputs[0].Round}/{inputs[0].Index}", true)
                ? throw new InvalidOperationException("fails once")
                : Task.CompletedTask;
        await ManifestDifferences.AssertEqualAsync(silo.Artifacts, straight, await silo.CompleteAsync("faulty", spec));
        Assert.NotEqual(straight.ManifestHash, (await silo.CompleteAsync("once", TestSilo.SmallSpec)).ManifestHash);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(DonorChoices.All, false)]
    [InlineData(DonorChoices.All, true)]
    [InlineData(DonorChoices.Judged, true)]
    public async Task A_write_that_fails_while_drawings_are_taken_is_repeated(string donors, bool isApplied)
    {
        var outcome = isApplied ? WriteOutcome.FailsAfter : WriteOutcome.FailsBefore;
        await using var silo = await StartAsync(TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", With(donors));
        var failed = new ConcurrentDictionary<string, bool>();
        // The first write of a second use is that it takes its drawing.
        silo.Faults.Decide = (name, key, _) =>
            IsOfSecondUse(name, key) && failed.TryAdd(key, true) ? outcome : WriteOutcome.Applied;
        var status = await silo.CompleteAsync("run", With(donors));
        Assert.Equal(8, failed.Count);
        await ManifestDifferences.AssertEqualAsync(silo.Artifacts, straight, status);
        Assert.Equal(straight.Rounds.Select(r => r.Counts), status.Rounds.Select(r => r.Counts));
    }

    [Theory(Timeout = 600_000)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_silo_that_dies_while_drawings_are_taken_leaves_nothing_that_the_next_cannot_finish(int taken)
    {
        RunStatus straight;
        await using (var silo = await StartAsync(TestContext.Current.CancellationToken))
        {
            straight = await silo.CompleteAsync("straight", Spec);
            var (left, dead) = (taken, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            silo.Faults.Decide = (name, key, _) =>
            {
                var isLast = IsOfSecondUse(name, key) ? Interlocked.Decrement(ref left) < 0 : Volatile.Read(ref left) < 0;
                if (!isLast) return WriteOutcome.Applied;
                // From here on nothing is stored.
                dead.TrySetResult();
                return WriteOutcome.FailsBefore;
            };
            await silo.Run("run").Start(Spec);
            await dead.Task.WaitAsync(TestContext.Current.CancellationToken);
        }

        await using var next = await StartAsync(TestContext.Current.CancellationToken);
        await ManifestDifferences.AssertEqualAsync(next.Artifacts, straight, await next.CompleteAsync("run", Spec));
    }

    [Theory(Timeout = 600_000)]
    [InlineData(9, Stage.Compose)]
    [InlineData(9, Stage.Score)]
    [InlineData(1, Stage.Compose)]
    public async Task A_record_that_the_store_lost_is_made_again_of_a_second_use_as_of_a_drawing(int lost, Stage moment)
    {
        await using var silo = await StartAsync(TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", Spec);
        var deleted = 0;
        silo.Stages.Before = (stage, inputs, _) =>
        {
            if (stage == moment && inputs[0].Run == "run" && inputs.Any(i => i.Index == lost) && Interlocked.Exchange(ref deleted, 1) == 0)
                Assert.Equal(1, Execute($"DELETE FROM records WHERE key LIKE '%/run/0/{lost}' AND kind = 'sample'"));
            return Task.CompletedTask;
        };
        var status = await silo.CompleteAsync("run", Spec);
        Assert.Equal(1, deleted);
        await ManifestDifferences.AssertEqualAsync(silo.Artifacts, straight, status);
        Assert.Contains(status.Rounds[0].Failures, f => f.Reason == RecordVerifier.LostReason && f.Example == lost);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_drawing_whose_record_is_lost_before_it_is_taken_is_made_again()
    {
        RunStatus straight;
        await using (var silo = await StartAsync(TestContext.Current.CancellationToken))
        {
            straight = await silo.CompleteAsync("straight", Spec);
            silo.Faults.Decide = (name, key, _) => IsOfSecondUse(name, key) ? WriteOutcome.FailsBefore : WriteOutcome.Applied;
            await silo.Run("run").Start(Spec);
            // The shard of the first drawings is at rest: nothing is left to do for them before scoring.
            while ((await silo.SamplesAsync("run", 0)).Take(5).Count(s => s.State is SampleState.Harmonized or SampleState.Quarantined) < 5)
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        Assert.Equal(1, Execute("DELETE FROM records WHERE key LIKE '%/run/0/1' AND kind = 'sample'"));
        await using var next = await StartAsync(TestContext.Current.CancellationToken);
        var status = await next.CompleteAsync("run", Spec);
        await ManifestDifferences.AssertEqualAsync(next.Artifacts, straight, status);
        Assert.Contains(status.Rounds[0].Failures, f => f.Reason == RecordVerifier.LostReason && f.Example == 1);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(null)]
    [InlineData(1)]
    public async Task A_second_use_is_quarantined_with_its_drawing_and_comes_back_with_it(int? only)
    {
        await using var silo = await StartAsync(TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", Spec);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        silo.Stages.Before = async (stage, inputs, token) =>
        {
            if (inputs[0] is not { Run: "run", Round: 0 }) return;
            if (stage == Stage.Generate && inputs.Any(i => i.Index == 1)) throw new InvalidOperationException("poison");
            // The last second use keeps the round open.
            if (stage != Stage.Compose || inputs.All(i => i.Index != 11)) return;
            held.TrySetResult();
            await go.Task.WaitAsync(token);
        };
        await silo.Run("run").Start(Spec);
        await held.Task.WaitAsync(TestContext.Current.CancellationToken);
        SampleRecord second;
        while ((second = (await silo.SamplesAsync("run", 0))[9]).State != SampleState.Quarantined)
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.StartsWith("it is the second use of sample 1, which is quarantined: ", second.Failure, StringComparison.Ordinal);
        Assert.Contains("poison", second.Failure, StringComparison.Ordinal);
        await silo.Run("run").Pause("to look at it");
        await silo.RestingAsync("run");

        silo.Arm("run");
        silo.Stages.Before = (_, _, _) => Task.CompletedTask;
        await silo.Run("run").Retry(only is { } index ? [index] : null);
        await silo.Run("run").Resume();
        go.SetResult();
        await silo.RestingAsync("run");
        var samples = await silo.SamplesAsync("run", 0);
        Assert.DoesNotContain(samples, s => s.State == SampleState.Quarantined && s.FailedAt == SampleState.Planned);
        Assert.Equal(samples[1].Artifact(ArtifactNames.Image), samples[9].Artifact(ArtifactNames.Image));
        Assert.Equal(straight.Rounds[0].Counts.Quarantined, (await silo.Run("run").GetStatus()).Rounds[0].Counts.Quarantined);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_drawing_that_stays_quarantined_takes_its_second_use_along_and_the_run_ends()
    {
        await using var silo = await StartAsync(TestContext.Current.CancellationToken);
        silo.Stages.Before = (stage, inputs, _) =>
            stage == Stage.Mask && inputs.Any(i => i is { Round: 0, Index: 1 })
                ? throw new InvalidOperationException("poison")
                : Task.CompletedTask;
        var status = await silo.CompleteAsync("run", Spec);
        Assert.Equal(RunState.Completed, status.State);
        var samples = await silo.SamplesAsync("run", 0);
        Assert.Equal([1, 9], samples.Where(s => s.State == SampleState.Quarantined).Select(s => s.Index));
        Assert.Contains(status.Rounds[0].Failures, f => f.Example == 9 && f.Reason.Contains("sample 1", StringComparison.Ordinal));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_round_whose_drawings_are_all_lost_stops_before_there_are_donors()
    {
        await using var silo = await StartAsync(TestContext.Current.CancellationToken);
        silo.Stages.Reject = () => true;
        var status = await silo.CompleteAsync("run", Spec);
        Assert.Equal(RunState.Failed, status.State);
        Assert.Contains("Every sample of round 1 was quarantined", status.Reason, StringComparison.Ordinal);

        silo.Stages.Reject = () => false;
        silo.Arm("run");
        await silo.Run("run").Retry();
        Assert.Equal(RunState.Completed, await silo.RestingAsync("run"));
        var hash = (await silo.Grains.GetRound("run", 0).GetArtifacts()).Donors!;
        Assert.NotEmpty(await SampleLists.ReadSnapshotAsync(silo.Artifacts, hash, TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 600_000)]
    public async Task Artifacts_of_a_second_use_that_are_lost_are_made_again_by_the_work_of_its_drawing()
    {
        var artifacts = new FolderArtifactStore(Path.Combine(_folder.Path, "artifacts"), TimeProvider.System);
        await using var silo = await StartAsync(
            TestContext.Current.CancellationToken, services => services.AddSingleton<IArtifactStore>(artifacts));
        await silo.CompleteAsync("run", Spec);
        silo.Stages.ReadsInputs = true;
        silo.Stages.ReadsDonors = true;
        var second = (await silo.SamplesAsync("run", 1)).Last(s => s.State == SampleState.Kept);
        Assert.NotNull(second.Plan.Drawing);
        var donors = (await silo.Grains.GetRound("run", 1).GetArtifacts()).Donors!;
        string[] hashes = [.. second.Artifacts.Select(a => a.Hash).Append(donors)];
        foreach (var hash in hashes) File.Delete(artifacts.PathOf(hash));
        foreach (var artifact in second.Artifacts)
            Assert.True(await silo.Run("run").RestoreArtifact(1, second.Index, artifact.Hash), artifact.Name);
        foreach (var hash in hashes) await artifacts.GetAsync(hash, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 600_000)]
    public async Task No_model_scores_an_image_that_it_was_trained_on()
    {
        await using var silo = await StartAsync(TestContext.Current.CancellationToken);
        var trained = new ConcurrentQueue<IReadOnlyList<string>>();
        silo.Training.Before = request => trained.Enqueue([.. request.Examples.Select(e => e.Image)]);
        await silo.CompleteAsync("run", Spec with { Rounds = 1 });
        var samples = (await silo.SamplesAsync("run", 0)).Where(s => s.Score is not null).ToList();
        var folds = trained.Take(Spec.Scoring.Folds).ToList();
        foreach (var (fold, images) in folds.Index())
        {
            var learnt = samples.Where(s => images.Contains(s.Artifact(ArtifactNames.FinalImage)!)).Select(Own).ToHashSet();
            var judged = samples.Where(s => SamplePlanner.FoldOf(Spec, s.Index) == fold).Select(Own).ToHashSet();
            Assert.NotEmpty(judged);
            Assert.Empty(learnt.Intersect(judged));
        }

        static int Own(SampleRecord sample) => sample.Plan.Drawing ?? sample.Index;
    }

    private static RunSpec With(string donors) => Spec with { Composition = Spec.Composition with { Donors = donors } };

    /// <summary>Whether a record is that of a second use of the run named "run".</summary>
    private static bool IsOfSecondUse(string name, string key) =>
        name == "sample" && key.Split('/') is ["run", _, var index] && int.Parse(index, CultureInfo.InvariantCulture) >= Drawings;

    private Task<TestSilo> StartAsync(CancellationToken cancellationToken, Action<IServiceCollection>? services = null) =>
        TestSilo.StartAsync(_folder.Path, cancellationToken, services: services);

    private int Execute(string sql)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = Path.Combine(_folder.Path, "state.db"), Pooling = false }.ToString()
        );
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA busy_timeout=10000";
        command.ExecuteNonQuery();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }
}
