using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Artifacts;
using FreeMask.Onnx;
using FreeMask.Pipeline;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FreeMask.Silo.Tests.Pipeline;

/// <summary>
/// A device may execute several batches at once: with the models of the bundle, every stage gives the same results for overlapping batches
/// as for sequential ones.
/// </summary>
public sealed class OverlapTests : IDisposable
{
    private const int Samples = 8, Batch = 2, ScoringModels = 6;

    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    private readonly TemporaryFolder _folder = new();
    private readonly FolderArtifactStore _store;
    private readonly BundleFolders _bundles = new(Path.Combine(Repository.Root, "models"));

    public OverlapTests() => _store = new FolderArtifactStore(Path.Combine(_folder.Path, "artifacts"), TimeProvider.System);

    private static RunSpec Drawn { get; } = new()
    {
        Name = "overlap",
        Classes = ["cat", "dog"],
        Generation = new GenerationSpec { Steps = 1, Batch = Batch, Guidance = 1 },
        Mask = new MaskSpec { Refinement = "none", MinArea = 0, MaxArea = 1, MinConfidence = 0 },
        Composition = new CompositionSpec { MultiShare = 1, ThesaurusThreshold = 0 },
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Overlapping_batches_of_every_stage_make_what_batches_one_by_one_make()
    {
        var inputs = Enumerable.Range(0, Samples).Select(Planned).ToArray();
        inputs = await CompareAsync(Stage.Generate, Drawn, inputs);
        inputs = await CompareAsync(Stage.Mask, Drawn, inputs);
        var donors = new[] { await SnapshotAsync(inputs[..4]), await SnapshotAsync(inputs[4..]), await SnapshotAsync(inputs) };
        inputs = await CompareAsync(
            Stage.Compose,
            Drawn,
            [.. inputs.Select((input, i) => input with { Donors = donors[i % donors.Length] })]
        );
        inputs = await CompareAsync(Stage.Harmonize, Drawn, inputs);
        var scoringModel = await OpenScoringModelAsync();
        // More scoring models than the stage caches: models are disposed while batches are running.
        await CompareAsync(
            Stage.Score,
            Drawn,
            [.. inputs.Select((input, i) => input with { ScoringModel = scoringModel with { Weights = $"{i % ScoringModels}" } })]
        );
    }

    [Theory]
    [InlineData(1, 2, 1)]
    [InlineData(2, 2, 1)]
    [InlineData(2, 2, 3)]
    [InlineData(2, 8, 3)]
    public async Task What_is_drawn_depends_neither_on_the_place_in_the_batch_nor_on_the_others(int steps, int batch, double guidance)
    {
        var spec = Drawn with { Generation = new GenerationSpec { Steps = steps, Batch = batch, Guidance = guidance } };
        using var runner = DeviceStageRunner.Create(_bundles, _store, new OnnxSessionOptions(), NullLoggerFactory.Instance);
        var inputs = Enumerable.Range(0, batch).Select(Planned).ToArray();
        var together = await runner.RunAsync(Stage.Generate, spec, inputs, Cancellation);
        var reversed = await runner.RunAsync(Stage.Generate, spec, [.. inputs.Reverse()], Cancellation);
        Assert.Equal(together.Select(Describe), reversed.Reverse().Select(Describe));
        foreach (var (input, outcome) in inputs.Zip(together))
            Assert.Equal(Describe(outcome), Describe((await runner.RunAsync(Stage.Generate, spec, [input], Cancellation))[0]));
    }

    [Fact]
    public async Task Overlapping_batches_load_from_their_own_folders()
    {
        var folder = Path.Combine(Repository.Root, "models", "mini", "heldout");
        var names = File.ReadLines(Path.Combine(folder, "ImageSets", "Segmentation", "multi.txt")).Take(Samples).ToArray();
        var spec = Drawn with { Source = new SourceSpec { Kind = "folder", Path = folder, List = "multi" } };
        var inputs = names.Select((name, i) => Planned(i) with { Plan = Planned(i).Plan with { Source = name } }).ToArray();
        var loaded = await CompareAsync(Stage.Generate, spec, inputs);
        await CompareAsync(Stage.Mask, spec, loaded);
    }

    /// <summary>Executes the batches sequentially and concurrently, each time on a new device, and compares the results.</summary>
    private async Task<StageInput[]> CompareAsync(Stage kind, RunSpec spec, StageInput[] inputs)
    {
        using var one = DeviceStageRunner.Create(_bundles, _store, new OnnxSessionOptions(), NullLoggerFactory.Instance);
        using var other = DeviceStageRunner.Create(_bundles, _store, new OnnxSessionOptions(), NullLoggerFactory.Instance);
        var expected = new List<StageOutcome>();
        foreach (var batch in inputs.Chunk(Batch)) expected.AddRange(await one.RunAsync(kind, spec, batch, Cancellation));
        for (var repetition = 0; repetition < 3; repetition++)
        {
            var batches = await Task.WhenAll(inputs.Chunk(Batch).Select(batch => other.RunAsync(kind, spec, batch, Cancellation)));
            Assert.Equal(expected.Select(Describe), batches.SelectMany(b => b).Select(Describe));
        }

        return [.. inputs.Zip(expected, (input, outcome) => input with
        {
            Artifacts = [.. input.Artifacts, .. outcome.Artifacts.Select(a => new ArtifactReference(a.Name, a.Hash, "cpu"))],
        })];
    }

    private static string Describe(StageOutcome outcome) => $"{outcome.Result} {outcome.Score} {string.Join(' ', outcome.Artifacts)}";

    private static StageInput Planned(int index)
    {
        var name = Drawn.Classes[index % 2];
        return new StageInput
        {
            Run = "run",
            Round = 0,
            Index = index,
            Attempt = 0,
            Plan = new SamplePlan(index, name, VocClasses.IndexOf(name), "", $"a photo of a {name}", "", 1),
        };
    }

    private async Task<string> SnapshotAsync(StageInput[] inputs)
    {
        var listed = inputs
            .Select(i => new ListedSample(i.Index, i.Plan.ClassIndex, i.Artifact(ArtifactNames.Image), i.Artifact(ArtifactNames.Label)))
            .ToList();
        return await SampleLists.WriteSnapshotAsync(
            _store,
            [new SampleList(await SampleLists.WriteAsync(_store, listed, Cancellation), listed.Count)],
            Cancellation
        );
    }

    private async Task<SegmenterModel> OpenScoringModelAsync()
    {
        var (onnx, card) = SegmenterExport.ToOnnx(Path.Combine(Repository.Root, "models", "mini", "segmenter"), 128, 128);
        return new SegmenterModel(
            "",
            "",
            await _store.PutAsync(onnx, Cancellation),
            await _store.PutAsync(Encoding.UTF8.GetBytes(card), Cancellation)
        );
    }
}
