using System.Collections.Concurrent;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Artifacts;
using FreeMask.Silo.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>
/// The artifact store is full, unavailable or damages artifacts: the run waits or recomputes them, and no fault is counted for a sample.
/// </summary>
public sealed class ArtifactFaultTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentDictionary<string, bool> _damagedOnce = new(StringComparer.Ordinal);

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task A_store_that_is_full_for_a_while_stops_the_run_only_as_long()
    {
        var artifacts = Faulty("artifacts");
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var (seen, refused) = (0, 0);
        // The store is full several times: each time four writes fail.
        artifacts.BeforePut = _ =>
        {
            if (Interlocked.Increment(ref seen) % 20 is < 5 or > 8) return;
            Interlocked.Increment(ref refused);
            throw new ArtifactStoreException("The artifact folder takes nothing: No space left on device");
        };
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec);
        output.WriteLine($"{refused} of {seen} puts met a full store");
        AssertUnhurt(straight, status);
        Assert.True(refused > 10);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_store_that_is_away_for_many_retries_is_waited_for()
    {
        var artifacts = Faulty("artifacts");
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        // With the default delay of a second between retries, sixty failed operations take a minute at least.
        foreach (var (name, from) in new[] { ("early", 3), ("middle", 40), ("late", 90) })
        {
            var (operations, away) = (0, 0);
            void Fail()
            {
                if (Interlocked.Increment(ref operations) < from || Interlocked.Increment(ref away) > 60) return;
                throw new ArtifactStoreException("The artifact folder cannot be read: the share is away");
            }

            (artifacts.BeforePut, artifacts.BeforeGet) = (_ => Fail(), (_, _) => Fail());
            var status = await silo.CompleteAsync(name, TestSilo.SmallSpec);
            output.WriteLine($"{name}: away from operation {from} on, for 60 of {operations}");
            Assert.True(away > 60);
            AssertUnhurt(straight, status);
        }
    }

    [Theory(Timeout = 600_000)]
    [InlineData(ArtifactNames.Image, Stage.Mask, false)]
    [InlineData(ArtifactNames.Attention, Stage.Mask, true)]
    [InlineData(ArtifactNames.Label, Stage.Compose, false)]
    [InlineData(ArtifactNames.CompositeImage, Stage.Harmonize, true)]
    [InlineData(ArtifactNames.FinalImage, Stage.Score, false)]
    public async Task A_damaged_artifact_is_made_again_and_no_fault_is_counted(string name, Stage reader, bool truncated)
    {
        var artifacts = Faulty("artifacts");
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        silo.Stages.ReadsInputs = true;
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var damaged = 0;
        silo.Stages.Before = async (kind, inputs, token) =>
        {
            if (kind != reader || inputs[0].Run != "run") return;
            foreach (var input in inputs.Where(i => i.Index % 4 == 1))
            {
                // Once per sample: a recomputed artifact is not damaged again.
                if (
                    silo.Stages.Executions.ContainsKey($"run/{reader}/{input.Round}/{input.Index}/{input.Attempt}")
                    || !_damagedOnce.TryAdd(input.Artifact(name), true)
                )
                    continue;
                var file = artifacts.Inner.PathOf(input.Artifact(name));
                await File.WriteAllTextAsync(file, truncated ? "" : "something else", token);
                damaged++;
            }
        };
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec);
        output.WriteLine($"{damaged} artifacts '{name}' were damaged");
        Assert.True(damaged > 0);
        AssertUnhurt(straight, status);
        Assert.All(status.Rounds, r => Assert.DoesNotContain(r.Failures, f => f.Reason.Contains("rtifact", StringComparison.Ordinal)));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_donor_that_is_lost_is_made_again_for_the_sample_that_needs_it()
    {
        var artifacts = Faulty("artifacts");
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        silo.Stages.ReadsDonors = true;
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var lost = 0;
        silo.Stages.Before = async (kind, inputs, token) =>
        {
            if (kind != Stage.Compose || inputs[0].Run != "run" || Interlocked.Exchange(ref lost, 1) == 1) return;
            var donor = (await SampleLists.ReadSnapshotAsync(artifacts, inputs[0].Donors!, token))[^1];
            File.Delete(artifacts.Inner.PathOf(donor.Image));
        };
        AssertUnhurt(straight, await silo.CompleteAsync("run", TestSilo.SmallSpec));
        Assert.Equal(1, lost);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_piece_of_the_manifest_that_is_lost_is_written_again()
    {
        var artifacts = Faulty("artifacts");
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var lost = 0;
        artifacts.BeforeGet = (hash, _) => lost += LoseOnce(artifacts, hash, "{\"round\":1,\"index\"", lost);
        AssertUnhurt(straight, await silo.CompleteAsync("run", TestSilo.SmallSpec));
        Assert.Equal(1, lost);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_donor_snapshot_that_is_lost_is_written_again_at_once()
    {
        var artifacts = Faulty("artifacts");
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        silo.Stages.ReadsDonors = true;
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var (begun, lost) = (false, 0);
        silo.Stages.Before = (_, inputs, _) =>
        {
            begun |= inputs[0].Run == "run";
            return Task.CompletedTask;
        };
        artifacts.BeforeGet = (hash, _) => lost += begun ? LoseOnce(artifacts, hash, "[{\"hash\"", lost) : 0;
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec);
        Assert.Equal(1, lost);
        AssertUnhurt(straight, status);
        Assert.All(status.Rounds, r => Assert.DoesNotContain(r.Failures, f => f.Reason.Contains("rtifact", StringComparison.Ordinal)));
    }

    [Theory(Timeout = 600_000)]
    [InlineData("a list of kept samples", "{\"index\"", 24)]
    public async Task A_list_that_is_lost_stops_the_run_and_a_retry_writes_it_again(string what, string beginning, int afterScores)
    {
        var artifacts = Faulty("artifacts");
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var lost = 0;
        artifacts.BeforeGet = (hash, _) =>
        {
            var scored = silo.Stages.Executions.Keys.Count(k => k.StartsWith("run/Score/", StringComparison.Ordinal));
            if (silo.Stages.Executions.Keys.Any(k => k.StartsWith("run/", StringComparison.Ordinal)) && scored >= afterScores)
                lost += LoseOnce(artifacts, hash, beginning, lost);
        };
        var stopped = await silo.CompleteAsync("run", TestSilo.SmallSpec);
        output.WriteLine($"lost {what}: {stopped.Reason}");
        Assert.Equal((1, RunState.Failed), (lost, stopped.State));
        Assert.Contains("artifact", stopped.Reason, StringComparison.Ordinal);

        silo.Arm("run");
        await silo.Run("run").Retry();
        await silo.RestingAsync("run");
        AssertUnhurt(straight, await silo.Run("run").GetStatus());
    }

    [Fact(Timeout = 600_000)]
    public async Task Examples_of_a_training_that_are_lost_or_damaged_are_made_again()
    {
        var artifacts = Faulty("artifacts");
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        silo.Training.ReadsExamples = true;
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var harmed = 0;
        silo.Training.Before = request =>
        {
            foreach (var example in request.Examples.Take(3))
            {
                if (!_damagedOnce.TryAdd(example.Image, true)) continue;
                if (harmed++ % 2 == 0) File.Delete(artifacts.Inner.PathOf(example.Image));
                else FlipBit(artifacts.Inner.PathOf(example.Image));
                FlipBit(artifacts.Inner.PathOf(example.Label));
            }
        };
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec);
        output.WriteLine($"{harmed} examples were harmed");
        Assert.True(harmed > 3);
        AssertUnhurt(straight, status);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_lost_scoring_model_stops_the_run_and_a_retry_trains_it_again(int round)
    {
        var artifacts = Faulty("artifacts");
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        silo.Stages.ReadsScoringModels = true;
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var lost = 0;
        silo.Stages.Before = (kind, inputs, _) =>
        {
            if (kind == Stage.Score && inputs[0] is { Run: "run" } && inputs[0].Round == round && Interlocked.Exchange(ref lost, 1) == 0)
                FlipBit(artifacts.Inner.PathOf(inputs[0].ScoringModel!.Weights));
            return Task.CompletedTask;
        };
        Assert.Equal(RunState.Failed, (await silo.CompleteAsync("run", TestSilo.SmallSpec)).State);
        silo.Arm("run");
        await silo.Run("run").Retry();
        await silo.RestingAsync("run");
        AssertUnhurt(straight, await silo.Run("run").GetStatus());
    }

    [Fact(Timeout = 600_000)]
    public async Task An_image_that_is_lost_after_the_run_is_made_again_when_it_is_needed()
    {
        var artifacts = Faulty("artifacts");
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        await silo.CompleteAsync("run", TestSilo.SmallSpec);
        var sample = (await silo.SamplesAsync("run", 1)).First(s => s.State == SampleState.Kept);
        var (image, final) = (sample.Artifact(ArtifactNames.Image)!, sample.Artifact(ArtifactNames.FinalImage)!);
        silo.Stages.ReadsInputs = true;
        foreach (var hash in new[] { image, final }) File.Delete(artifacts.Inner.PathOf(hash));
        Assert.True(await silo.Run("run").RestoreArtifact(1, sample.Index, final));
        // With everything that it depends on, including the list of donors.
        var composite = sample.Artifact(ArtifactNames.CompositeImage)!;
        var donors = (await silo.Grains.GetGrain<IRoundGrain>("run/1").GetArtifacts()).Donors!;
        foreach (var hash in new[] { final, composite, image, donors }) File.Delete(artifacts.Inner.PathOf(hash));
        Assert.True(await silo.Run("run").RestoreArtifact(1, sample.Index, final));
        await artifacts.Inner.GetAsync(final, TestContext.Current.CancellationToken);
        Assert.False(await silo.Run("run").RestoreArtifact(0, sample.Index, new string('0', 64)));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_training_whose_checkpoint_is_lost_starts_again()
    {
        var artifacts = Faulty("artifacts");
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        var spec = TestSilo.SmallSpec with { Rounds = 1 };
        var straight = await silo.CompleteAsync("straight", spec);

        var failed = 0;
        silo.Training.AfterCheckpoint = (checkpoint, _) =>
        {
            if (checkpoint.Step != 4 || Interlocked.Exchange(ref failed, 1) == 1) return Task.CompletedTask;
            File.WriteAllText(artifacts.Inner.PathOf(checkpoint.Artifact), "damaged");
            throw new ArtifactStoreException("The share is away for a moment");
        };
        var status = await silo.CompleteAsync("run", spec);
        Assert.Equal(straight.Segmenter, status.Segmenter);
        AssertUnhurt(straight, status);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_disk_that_is_really_full_is_waited_for()
    {
        await using var disk = await SmallDisk.MountAsync(Path.Combine(_folder.Path, "disk"), 6);
        var artifacts = new FaultyArtifacts(new FolderArtifactStore(disk.Folder, TimeProvider.System));
        await using var silo = await StartAsync(artifacts, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var (fullAt, refused) = (30, 0);
        var ballast = Path.Combine(disk.Folder, "ballast");
        Task<RunStatus>? waiting = null;
        artifacts.BeforePut = number =>
        {
            if (Interlocked.Decrement(ref fullAt) == 0) SmallDisk.Fill(ballast);
            if (Volatile.Read(ref fullAt) == -15) waiting = silo.Run("run").GetStatus();
            // After a while the operator frees space.
            if (Volatile.Read(ref fullAt) == -20) File.Delete(ballast);
        };
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec with { Seed = 43 });
        refused = -fullAt;
        output.WriteLine($"the disk was full for {Math.Min(20, refused)} puts");
        Assert.Equal(RunState.Completed, status.State);
        Assert.Empty(status.Notes);
        Assert.Contains(
            Assert.IsType<RunStatus>(await waiting!).Notes,
            note => note.Contains(disk.Folder, StringComparison.Ordinal) && note.Contains("full", StringComparison.Ordinal)
        );
        artifacts.BeforePut = _ => { };
        AssertUnhurt(await silo.CompleteAsync("again", TestSilo.SmallSpec with { Seed = 43 }), status);
        AssertUnhurt(straight, await silo.CompleteAsync("straight-again", TestSilo.SmallSpec));
    }

    /// <summary>Deletes an artifact with the given prefix, unless one was deleted before.</summary>
    /// <returns>How many were deleted.</returns>
    private static int LoseOnce(FaultyArtifacts artifacts, string hash, string beginning, int lost)
    {
        var file = artifacts.Inner.PathOf(hash);
        if (lost > 0 || !File.Exists(file) || !File.ReadAllText(file).StartsWith(beginning, StringComparison.Ordinal)) return 0;
        File.Delete(file);
        return 1;
    }

    private static void FlipBit(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static void AssertUnhurt(RunStatus straight, RunStatus status)
    {
        Assert.True(status.State == RunState.Completed, $"the run is {status.State}: {status.Reason}");
        Assert.Equal(straight.ManifestHash, status.ManifestHash);
        Assert.Equal(straight.Rounds.Select(r => r.Counts), status.Rounds.Select(r => r.Counts));
    }

    private FaultyArtifacts Faulty(string name) => new(new FolderArtifactStore(Path.Combine(_folder.Path, name), TimeProvider.System));

    private Task<TestSilo> StartAsync(IArtifactStore artifacts, CancellationToken cancellationToken) =>
        TestSilo.StartAsync(Path.Combine(_folder.Path, "state"), cancellationToken, services: s => s.AddSingleton(artifacts));
}
