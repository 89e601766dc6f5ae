using System.IO.Compression;
using FreeMask.GrainInterfaces;
using FreeMask.Silo.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>
/// Data folders that earlier versions wrote still load. <c>Data/stored-runs.zip</c> was written by commit 76c7120 with the fake stages:
/// three runs of <see cref="TestSilo.SmallSpec"/>, one finished, one whose process ended in the training of round 0's scoring models, one
/// whose process ended while round 1 composed.
/// </summary>
public sealed class StoredRunTests : IDisposable
{
    // What commit 76c7120 made of the same settings in an undisturbed run.
    private const string ManifestHash = "ebcb8b0aa28d5e3a6be9f9098665515622fe1061c19182ac22d1bc979580d141";

    private readonly TemporaryFolder _folder = new();

    public StoredRunTests() =>
        ZipFile.ExtractToDirectory(Path.Combine(Repository.Root, "tests", "FreeMask.Silo.Tests", "Data", "stored-runs.zip"), _folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task A_finished_run_returns_the_same_status_and_samples()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var status = await silo.Run("finished").GetStatus();
        Assert.Equal((RunState.Completed, ManifestHash), (status.State, status.ManifestHash));
        Assert.Equal([RoundPhase.Closed, RoundPhase.Closed], status.Rounds.Select(r => r.Phase));
        foreach (var round in status.Rounds)
        {
            var samples = await silo.SamplesAsync("finished", round.Round);
            Assert.Equal(TestSilo.SmallSpec.SamplesPerRound, samples.Length);
            Assert.Equal(round.Counts.Kept, samples.Count(s => s.State == SampleState.Kept));
            Assert.All(samples, s => Assert.NotEmpty(s.Timings));
            // That version did not keep the places that were tried.
            Assert.All(samples, s => Assert.Empty(s.Places));
        }
    }

    [Theory(Timeout = 600_000)]
    [InlineData("training", 0, RoundPhase.Scoring)]
    [InlineData("composing", 1, RoundPhase.Producing)]
    public async Task An_interrupted_run_ends_with_the_manifest_of_an_undisturbed_one(string run, int round, RoundPhase phase)
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var before = (await silo.Run(run).GetStatus()).Rounds[^1];
        Assert.Equal((round, phase), (before.Round, before.Phase));
        var after = await silo.CompleteAsync(run, Spec);
        Assert.Equal((RunState.Completed, ManifestHash), (after.State, after.ManifestHash));
    }

    [Theory(Timeout = 600_000)]
    [InlineData("training")]
    [InlineData("composing")]
    public async Task A_stored_run_goes_on_where_a_stage_was_inserted(string run)
    {
        await using var silo = await TestSilo.StartAsync(
            _folder.Path, TestContext.Current.CancellationToken, services: all => all.AddSingleton(WithInspection()));
        var after = await silo.CompleteAsync(run, Spec);
        Assert.Equal(RunState.Completed, after.State);
        foreach (var round in after.Rounds)
            Assert.Equal(round.Counts.Planned, round.Counts.Kept + round.Counts.Dropped + round.Counts.Quarantined);
        // A round that had not begun passes through the new stage as a whole; samples that were past its place do not go back.
        if (run == "training") Assert.Equal(after.Rounds[1].Counts.Composed, after.Rounds[1].Counts[Inspected]);
        Assert.Equal(after.Rounds[1].Counts[Inspected] > 0, after.Rounds[1].Seconds[Inspect] > 0);
    }

    // Numbers that no stage of the method takes.
    private const SampleState Inspected = (SampleState)200;
    private const Stage Inspect = (Stage)200;

    /// <summary>The specification with which the stored runs were started; the threshold was the default then.</summary>
    private static RunSpec Spec => TestSilo.SmallSpec with { Composition = new CompositionSpec { ThesaurusThreshold = 0.03 } };

    /// <summary>The stages of the method and one more between Mask and Compose, with numbers after all others.</summary>
    private static StageTable WithInspection()
    {
        var inspect = new StageDefinition
        {
            Stage = Inspect,
            Before = SampleState.Masked,
            After = Inspected,
            DisplayName = "inspected",
            Inputs = [ArtifactNames.Image],
            Outputs = ["added"],
            BatchSize = _ => 4,
        };
        return new StageTable([.. StageTable.Default.Stages.SelectMany(stage => stage.Stage == Stage.Compose
            ? new[] { inspect, stage with { Before = Inspected } }
            : [stage])]);
    }
}
