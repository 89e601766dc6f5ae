using System.Security.Cryptography;
using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

public sealed class EmbeddedRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task A_run_completes_and_every_sample_ends_once()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var status = await silo.CompleteAsync("one", TestSilo.SmallSpec);

        Assert.Equal(RunState.Completed, status.State);
        Assert.Equal(2, status.Rounds.Length);
        foreach (var round in status.Rounds)
        {
            Assert.Equal(RoundPhase.Closed, round.Phase);
            Assert.Equal(12, round.Counts.Planned);
            Assert.Equal(12, round.Counts.Kept + round.Counts.Dropped + round.Counts.Quarantined);
            Assert.Equal(round.Counts.Scored, round.Counts.Kept + round.Counts.Dropped);
            Assert.Equal(round.Thresholds.Sum(c => c.Kept), round.Counts.Kept);
            Assert.All(round.Thresholds, threshold => Assert.Equal(KeepRatio.Count(0.7, threshold.Scored), threshold.Kept));
            Assert.NotNull(round.Quality);
            Assert.NotNull(round.Segmenter);

            var samples = await silo.SamplesAsync("one", round.Round);
            Assert.Equal(Enumerable.Range(0, 12), samples.Select(s => s.Index));
            Assert.Equal(round.Counts.Kept, samples.Count(s => s.State == SampleState.Kept));
            Assert.Equal(round.Counts.Rejected, samples.Sum(s => s.Attempt));
            Assert.All(samples, s => Assert.True(StageTable.Default.HasReached(s.State, SampleState.Kept)));
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task The_manifest_is_its_parts_and_its_hash_is_theirs()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var status = await silo.CompleteAsync("one", TestSilo.SmallSpec);

        var manifest = new MemoryStream();
        foreach (var part in status.ManifestParts)
            manifest.Write((await silo.Artifacts.GetAsync(part, TestContext.Current.CancellationToken)).Span);
        Assert.Equal(status.ManifestHash, Convert.ToHexStringLower(SHA256.HashData(manifest.ToArray())));
        var lines = Encoding.UTF8.GetString(manifest.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(1 + (2 * (1 + 12)), lines.Length);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(DonorChoices.All)]
    [InlineData(DonorChoices.Judged)]
    public async Task Equal_specifications_give_equal_manifests_whatever_the_shards_and_windows(string donors)
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var spec = TestSilo.SmallSpec with { Composition = new CompositionSpec { Donors = donors } };
        var first = await silo.CompleteAsync("first", spec);
        var second = await silo.CompleteAsync("second", spec with { Execution = spec.Execution with { ShardSize = 100, Window = 1 } });
        var other = await silo.CompleteAsync("other", spec with { Seed = 43 });

        // Other shards split the manifest into other parts, but its bytes are the same.
        Assert.Equal(first.ManifestHash, second.ManifestHash);
        Assert.NotEqual(first.ManifestHash, other.ManifestHash);
    }

    [Fact(Timeout = 600_000)]
    public async Task No_sample_is_scored_by_a_model_that_was_trained_on_it()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var status = await silo.CompleteAsync("one", TestSilo.SmallSpec);

        var first = await silo.SamplesAsync("one", 0);
        var scoringModels = first.Where(s => s.ScoringModel is not null).GroupBy(s => s.ScoringModel).ToList();
        Assert.Equal(2, scoringModels.Count);
        Assert.All(
            scoringModels,
            scoringModel => Assert.Single(scoringModel.Select(s => SamplePlanner.FoldOf(TestSilo.SmallSpec, s.Index)).Distinct())
        );
        var second = await silo.SamplesAsync("one", 1);
        Assert.All(second.Where(s => s.ScoringModel is not null), s => Assert.Equal(status.Rounds[0].Segmenter!.Weights, s.ScoringModel));
    }

    [Fact(Timeout = 600_000)]
    public async Task Starting_again_does_nothing_and_another_specification_is_refused()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var first = await silo.CompleteAsync("one", TestSilo.SmallSpec);
        await silo.Run("one").Start(TestSilo.SmallSpec with { });
        Assert.Equal(first.ManifestHash, (await silo.Run("one").GetStatus()).ManifestHash);

        var refused = await Assert.ThrowsAsync<RunRejectedException>(() => silo.Run("one").Start(TestSilo.SmallSpec with { Seed = 1 }));
        Assert.Contains("another specification", refused.Message, StringComparison.Ordinal);
        var invalid = await Assert.ThrowsAsync<RunRejectedException>(() =>
            silo.Run("two").Start(TestSilo.SmallSpec with { KeepRatio = 0 })
        );
        Assert.Equal("keepRatio", Assert.Single(invalid.Problems).Path);
        Assert.Equal(["one"], await silo.Grains.GetGrain<IRunDirectoryGrain>(0).List());
        Assert.Equal(RunState.Unknown, (await silo.Run("two").GetStatus()).State);
    }

    [Fact(Timeout = 600_000)]
    public async Task The_starting_segmenter_is_measured_once_and_before_any_training()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var order = new List<string>();
        silo.Training.Before = _ => Add("train");
        silo.Training.Start = _ =>
        {
            Add("start");
            return new SegmenterQuality(0.25, [new ClassIoU("background", 0.25)]);
        };
        var status = await silo.CompleteAsync("one", TestSilo.SmallSpec);

        Assert.Equal(0.25, status.Rounds[0].StartQuality!.MeanIoU);
        Assert.Null(status.Rounds[1].StartQuality);
        Assert.NotNull(status.Rounds[0].Quality);
        // Two models of folds and a segmenter a round.
        Assert.Equal(["start", "train", "train", "train", "train"], order);

        void Add(string what)
        {
            lock (order) order.Add(what);
        }
    }

    [Theory(Timeout = 600_000)]
    [InlineData("none", "heldout")]
    [InlineData("backbone", "heldout")]
    [InlineData("bundle", "none")]
    public async Task Without_a_starting_segmenter_or_a_data_set_no_start_is_measured(string init, string dataset)
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        silo.Training.Start = _ => throw new InvalidOperationException("Nothing is to be measured.");
        var spec = TestSilo.SmallSpec;
        spec = spec with
        {
            Training = spec.Training with { Init = init },
            Evaluation = new EvaluationSpec { Dataset = dataset },
        };

        Assert.Null((await silo.CompleteAsync("one", spec)).Rounds[0].StartQuality);
    }
}
