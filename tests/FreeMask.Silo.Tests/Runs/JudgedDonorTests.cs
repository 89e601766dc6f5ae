using System.Collections.Concurrent;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>Donors that are scored before objects are cut from them.</summary>
public sealed class JudgedDonorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static RunSpec Spec { get; } = TestSilo.SmallSpec with
    {
        SamplesPerRound = 24,
        Composition = new CompositionSpec { Donors = DonorChoices.Judged },
    };

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task The_best_of_each_class_of_the_samples_with_one_object_donate()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var silo = await TestSilo.StartAsync(_folder.Path, stop);
        var status = await silo.CompleteAsync("run", Spec);
        Assert.Equal(RunState.Completed, status.State);
        for (var round = 0; round < Spec.Rounds; round++)
        {
            var singles = (await silo.SamplesAsync("run", round))
                .Where(s => s.Score is not null && !SamplePlanner.TakesObjects(Spec, round, s.Index, s.Attempt))
                .ToList();
            var expected = singles
                .GroupBy(s => s.Plan.Class)
                .SelectMany(ofClass => ofClass
                    .OrderByDescending(s => s.Score)
                    .ThenBy(s => s.Index)
                    .Take(KeepRatio.Count(Spec.KeepRatio, ofClass.Count())))
                .Select(s => s.Index)
                .Order();
            Assert.InRange(singles.Count, 1, Spec.SamplesPerRound - 1);
            var artifacts = await silo.Grains.GetGrain<IRoundGrain>($"run/{round}").GetArtifacts();
            var donors = await SampleLists.ReadSnapshotAsync(silo.Artifacts, artifacts.Donors!, stop);
            Assert.Equal(expected, donors.Select(d => d.Index));
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Samples_that_take_objects_wait_until_all_others_are_scored()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var work = new ConcurrentQueue<(Stage Stage, int Round, int Index, bool Takes)>();
        silo.Stages.Before = (stage, inputs, _) =>
        {
            foreach (var input in inputs)
                work.Enqueue((stage, input.Round, input.Index, SamplePlanner.TakesObjects(Spec, input.Round, input.Index, input.Attempt)));
            return Task.CompletedTask;
        };
        await silo.CompleteAsync("run", Spec);
        for (var round = 0; round < Spec.Rounds; round++)
        {
            var ofRound = work.Where(w => w.Round == round).ToList();
            var lastSingle = ofRound.FindLastIndex(w => w is { Stage: Stage.Score, Takes: false });
            var firstComposite = ofRound.FindIndex(w => w is { Stage: Stage.Compose, Takes: true });
            Assert.InRange(lastSingle, 0, firstComposite - 1);
            Assert.Contains(ofRound, w => w is { Stage: Stage.Score, Takes: true });
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Models_of_folds_are_trained_on_samples_with_one_object()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var requests = new ConcurrentQueue<TrainedOn>();
        silo.Training.Before = request => requests.Enqueue(new([.. request.Examples.Select(e => e.Image)]));
        await silo.CompleteAsync("run", Spec with { Rounds = 1 });
        var samples = await silo.SamplesAsync("run", 0);
        var singles = samples
            .Where(s => !SamplePlanner.TakesObjects(Spec, 0, s.Index, s.Attempt))
            .Select(s => s.Artifact(ArtifactNames.FinalImage))
            .ToHashSet();
        var folds = requests.Take(Spec.Scoring.Folds).ToList();
        Assert.All(folds, fold => Assert.Subset(singles, fold.Images.ToHashSet<string?>()));
        // Every sample with one object is left out by one fold only.
        Assert.Equal((Spec.Scoring.Folds - 1) * singles.Count(image => image is not null), folds.Sum(fold => fold.Images.Count));
    }

    private sealed record TrainedOn(IReadOnlyList<string> Images);
}
