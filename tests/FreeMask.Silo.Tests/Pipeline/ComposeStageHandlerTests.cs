using FreeMask.Files;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Artifacts;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Pipeline;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Silo.Tests.Pipeline;

public sealed class ComposeStageHandlerTests : IDisposable
{
    private const int Side = 96, Peak = 70;

    private readonly string _folder = Directory.CreateTempSubdirectory("freemask-compose-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Objects_go_where_the_model_of_the_run_says_whatever_else_is_in_the_batch()
    {
        var store = new FolderArtifactStore(Path.Combine(_folder, "artifacts"), TimeProvider.System);
        StageInput[] inputs = [.. await InputsAsync(store, 3)];
        var learned = new CompositionSpec { MultiShare = 1, MaxObjects = 2, PlacementFolder = Model(), PlacementHash = Hash };
        var placed = await RunAsync(store, learned, inputs);
        foreach (var outcome in placed) Assert.InRange(await CenterAsync(store, outcome), Peak - 12, Peak + 12);
        var alone = await RunAsync(store, learned, [inputs[1]]);
        Assert.Equal(placed[1].Artifacts.Select(a => a.Hash), alone[0].Artifacts.Select(a => a.Hash));
        var ruled = await RunAsync(store, learned with { PlacementFolder = null, PlacementHash = null }, inputs);
        Assert.NotEqual(placed.SelectMany(o => o.Artifacts.Select(a => a.Hash)), ruled.SelectMany(o => o.Artifacts.Select(a => a.Hash)));
    }

    [Fact]
    public async Task Another_model_than_the_one_that_the_run_began_with_is_refused()
    {
        var store = new FolderArtifactStore(Path.Combine(_folder, "artifacts"), TimeProvider.System);
        var spec = new CompositionSpec { MultiShare = 1, PlacementFolder = Model(), PlacementHash = new string('0', 64) };
        var inputs = await InputsAsync(store, 2);
        var error = await Assert.ThrowsAsync<FreeMaskException>(() => RunAsync(store, spec, inputs));
        Assert.Contains("started with", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_of_the_bundle_is_that_of_the_silos_own_bundle()
    {
        var store = new FolderArtifactStore(Path.Combine(_folder, "artifacts"), TimeProvider.System);
        var unet = Directory.CreateDirectory(Path.Combine(_folder, "own", "unet")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(unet, ModelFileNames.Onnx), [], TestContext.Current.CancellationToken);
        Directory.Move(Model(), Path.Combine(_folder, "own", "placement"));
        var hash = PlacementModel.HashOf(Path.Combine(_folder, "own", "placement"));
        var spec = new CompositionSpec
        {
            MultiShare = 1,
            MaxObjects = 2,
            Placement = "bundle",
            PlacementFolder = "/where/the/client/has/it",
            PlacementHash = hash,
        };
        var placed = await RunAsync(store, spec, await InputsAsync(store, 2), model: "own");
        foreach (var outcome in placed) Assert.InRange(await CenterAsync(store, outcome), Peak - 12, Peak + 12);
    }

    [Fact]
    public async Task A_second_use_takes_objects_of_others_than_its_drawing_which_keeps_its_own_alone()
    {
        var store = new FolderArtifactStore(Path.Combine(_folder, "artifacts"), TimeProvider.System);
        var inputs = await InputsAsync(store, 2);
        // Of 3 samples one is the second use of the first; of the two donors only the second is left to it.
        var composition = new CompositionSpec
        {
            MultiShare = 0,
            BothShare = 0.5,
            MaxObjects = 3,
            PlacementFolder = Model(),
            PlacementHash = Hash,
        };
        var second = inputs[0] with { Index = 2, Plan = inputs[0].Plan with { Drawing = 0 } };
        var outcomes = await RunAsync(store, composition, [inputs[0], inputs[1], second], samples: 3);
        Assert.Equal([0.0, 0.0, 1.0], outcomes.Select(o => o.Facts.Single(f => f.Name == FactNames.Pasted).Value));
        Assert.Equal(1, outcomes[2].Facts.Single(f => f.Name == FactNames.DonorOf(1)).Value);
        // Outside of what was pasted it is the same picture.
        var stop = TestContext.Current.CancellationToken;
        string HashOf(int i, string name) => outcomes[i].Artifacts.Single(a => a.Name == name).Hash;
        var (once, twice) = (
            await store.GetImageAsync(HashOf(0, ArtifactNames.CompositeImage), stop),
            await store.GetImageAsync(HashOf(2, ArtifactNames.CompositeImage), stop));
        var pasted = await store.GetLabelsAsync(HashOf(2, ArtifactNames.Pasted), stop);
        Assert.Contains(pasted.Labels, p => p > 127);
        for (var i = 0; i < pasted.Labels.Length; i++)
            if (pasted.Labels[i] == 0) Assert.Equal(once.Pixels.AsSpan(3 * i, 3), twice.Pixels.AsSpan(3 * i, 3));
    }

    private string Hash => PlacementModel.HashOf(Path.Combine(_folder, "placement"));

    /// <summary>The mean column of what was pasted.</summary>
    private static async Task<double> CenterAsync(FolderArtifactStore store, StageOutcome outcome)
    {
        var pasted = await store.GetLabelsAsync(
            Assert.Single(outcome.Artifacts, a => a.Name == ArtifactNames.Pasted).Hash, TestContext.Current.CancellationToken);
        return pasted.Labels.Index().Where(p => p.Item > 127).Average(p => p.Index % pasted.Width);
    }

    private async Task<IReadOnlyList<StageOutcome>> RunAsync(
        FolderArtifactStore store,
        CompositionSpec composition,
        IReadOnlyList<StageInput> inputs,
        int samples = 40,
        string model = "mini"
    )
    {
        using var handler = new ComposeStageHandler(new BundleFolders(_folder), store, new OnnxSessionOptions());
        var spec = new RunSpec
        {
            Name = "compose",
            Classes = ["cow", "sheep"],
            Backgrounds = ["grass"],
            Composition = composition,
            SamplesPerRound = samples,
            Model = model,
        };
        return await handler.RunAsync(spec, inputs, TestContext.Current.CancellationToken);
    }

    /// <summary>A model that finds one column plausible, in the lower half.</summary>
    private string Model()
    {
        const int Cells = 32;
        var graph = new OnnxGraphBuilder();
        var background = graph.Input("background", OnnxGraphBuilder.Float, 1, 3, Cells, Cells);
        var foreground = graph.Input("foreground", OnnxGraphBuilder.Float, "n", 3, Cells, Cells);
        var mask = graph.Input("mask", OnnxGraphBuilder.Float, "n", 1, Cells, Cells);
        var heat = new float[2 * Cells * Cells];
        for (var i = 0; i < Cells * Cells; i++)
            heat[(Cells * Cells) + i] = -Math.Abs((i % Cells) - (Peak * Cells / Side)) - Math.Abs((i / Cells) - 22);
        string Nothing(string of) =>
            graph.Op("Mul", [graph.Op("ReduceMean", [of], ("axes", new long[] { 1, 2, 3 }), ("keepdims", 1L)), graph.Scalar(0)]);
        var logits = graph.Op("Add", [graph.Weight("heat", heat, 1, 2, Cells, Cells), Nothing(mask)]);
        logits = graph.Op("Add", [logits, graph.Op("Add", [Nothing(background), Nothing(foreground)])]);
        graph.Output("logits", logits, OnnxGraphBuilder.Float, "n", 2, Cells, Cells);
        var folder = Path.Combine(_folder, "placement");
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, ModelFileNames.Onnx), graph.ToBytes());
        return folder;
    }

    private static async Task<IReadOnlyList<StageInput>> InputsAsync(FolderArtifactStore store, int count)
    {
        var stop = TestContext.Current.CancellationToken;
        var samples = new List<ListedSample>();
        for (var n = 0; n < count; n++)
        {
            var (image, labels) = (new RgbImage(Side, Side), new LabelMap(Side, Side));
            // Cows on the left, sheep in the middle.
            var classId = (byte)(n % 2 == 0 ? 10 : 17);
            for (var i = 0; i < labels.Labels.Length; i++)
            {
                var (x, y) = (i % Side, i / Side);
                var inside = x is >= 8 and < 24 && y is >= 60 and < 80;
                if (inside) labels.Labels[i] = classId;
                image.Pixels.AsSpan(3 * i, 3).Fill((byte)(inside ? 180 + (20 * n) : y < 40 ? 120 : 60));
            }

            samples.Add(new ListedSample(n, classId, await store.PutAsync(image, stop), await store.PutAsync(labels, stop)));
        }

        var list = await SampleLists.WriteAsync(store, samples, stop);
        var snapshot = await SampleLists.WriteSnapshotAsync(store, [new SampleList(list, count)], stop);
        return
        [
            .. samples.Select(sample => new StageInput
            {
                Run = "run",
                Round = 0,
                Index = sample.Index,
                Attempt = 0,
                Plan = new SamplePlan(0, sample.Class == 10 ? "cow" : "sheep", sample.Class, "grass", "a cow", "", 1),
                Artifacts =
                [
                    new(ArtifactNames.Image, sample.Image, "cpu"),
                    new(ArtifactNames.Label, sample.Label, "cpu"),
                ],
                Donors = snapshot,
            }),
        ];
    }
}
