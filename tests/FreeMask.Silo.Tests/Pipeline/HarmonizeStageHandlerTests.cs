using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Artifacts;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Pipeline;
using FreeMask.Randomness;
using FreeMask.Vision.Harmonization;
using Xunit;

namespace FreeMask.Silo.Tests.Pipeline;

public sealed class HarmonizeStageHandlerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freemask-harmonize-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_model_of_the_run_recolors_pasted_objects_and_samples_without_any_stay()
    {
        var store = new FolderArtifactStore(Path.Combine(_folder, "artifacts"), TimeProvider.System);
        var (folder, hash) = Model();
        StageInput[] inputs = [await InputAsync(store, 0), await InputAsync(store, 1, pasted: false), await InputAsync(store, 2)];
        var ruled = await RunAsync(store, new HarmonizationSpec(), inputs);
        var learned = await RunAsync(store, new HarmonizationSpec { ModelFolder = folder, ModelHash = hash }, inputs);
        Assert.Equal(inputs[1].Artifact(ArtifactNames.CompositeImage), learned[1]);
        Assert.NotEqual(ruled[0], learned[0]);
        Assert.NotEqual(inputs[0].Artifact(ArtifactNames.CompositeImage), learned[0]);

        // Not on the other samples of the batch.
        Assert.Equal(learned[2], (await RunAsync(store, new HarmonizationSpec { ModelFolder = folder, ModelHash = hash }, [inputs[2]]))[0]);

        var off = await RunAsync(store, new HarmonizationSpec { Enabled = false, ModelFolder = folder, ModelHash = hash }, inputs);
        Assert.Equal(inputs.Select(input => input.Artifact(ArtifactNames.CompositeImage)), off);
    }

    [Fact]
    public async Task Another_model_than_the_one_that_the_run_began_with_is_refused()
    {
        var store = new FolderArtifactStore(Path.Combine(_folder, "artifacts"), TimeProvider.System);
        var spec = new HarmonizationSpec { ModelFolder = Model().Folder, ModelHash = new string('0', 64) };
        var input = await InputAsync(store, 0);
        var error = await Assert.ThrowsAsync<FreeMaskException>(() => RunAsync(store, spec, [input]));
        Assert.Contains("started with", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Objects_that_are_sharper_than_the_image_are_blurred_where_the_run_asks_for_it()
    {
        var store = new FolderArtifactStore(Path.Combine(_folder, "artifacts"), TimeProvider.System);
        StageInput[] inputs = [await InputAsync(store, 0)];
        var kept = await RunAsync(store, new HarmonizationSpec { Strength = 0 }, inputs);
        Assert.Equal(await PixelsAsync(store, inputs[0].Artifact(ArtifactNames.CompositeImage)), await PixelsAsync(store, kept[0]));
        var matched = await PixelsAsync(store, (await RunAsync(store, new HarmonizationSpec { Sharpness = "match" }, inputs))[0]);
        var ruled = await PixelsAsync(store, (await RunAsync(store, new HarmonizationSpec(), inputs))[0]);
        Assert.NotEqual(ruled, matched);
        Assert.True(Roughness(matched) < 0.8 * Roughness(ruled), $"{Roughness(ruled):0.0} -> {Roughness(matched):0.0}");
    }

    /// <summary>The mean difference of neighbors in the middle, where the object is.</summary>
    private static double Roughness(byte[] pixels) =>
        Enumerable.Range(28, 8).SelectMany(y => Enumerable.Range(24, 16).Select(x => 3 * ((y * 64) + x)))
            .Average(at => Math.Abs(pixels[at] - pixels[at + 3]));

    private static async Task<byte[]> PixelsAsync(FolderArtifactStore store, string hash) =>
        (await store.GetImageAsync(hash, TestContext.Current.CancellationToken)).Pixels;

    private static async Task<string[]> RunAsync(FolderArtifactStore store, HarmonizationSpec settings, StageInput[] inputs)
    {
        using var handler = new HarmonizeStageHandler(store, new OnnxSessionOptions());
        var spec = new RunSpec { Name = "harmonize", Classes = ["cat"], Harmonization = settings };
        var outcomes = await handler.RunAsync(spec, inputs, TestContext.Current.CancellationToken);
        return [.. outcomes.Select(outcome => Assert.Single(outcome.Artifacts, a => a.Name == ArtifactNames.FinalImage).Hash)];
    }

    /// <summary>A model that takes an object's lightness down by the mean of its first plane, almost surely right.</summary>
    private (string Folder, string Hash) Model()
    {
        const int Side = HarmonizerFeatures.Side, Planes = HarmonizerFeatures.Planes;
        var graph = new OnnxGraphBuilder();
        var weights = new float[StatisticsForm.Numbers * Planes];
        weights[3] = -2;
        for (var i = 6 * Planes; i < weights.Length; i++) weights[i] = i % Planes == 3 ? -20 : 0;
        var convolved = graph.Op(
            "Conv",
            [
                graph.Input(StatisticsForm.Input, OnnxGraphBuilder.Float, "batch", Planes, Side, Side),
                graph.Weight("w", weights, StatisticsForm.Numbers, Planes, 1, 1),
            ],
            ("kernel_shape", new long[] { 1, 1 })
        );
        var mean = graph.Op("ReduceMean", [convolved], ("axes", new long[] { 2, 3 }), ("keepdims", 0L));
        graph.Output(StatisticsForm.Output, mean, OnnxGraphBuilder.Float, "batch", StatisticsForm.Numbers);
        var folder = Path.Combine(_folder, "harmonizer");
        return (folder, new HarmonizerConfig().Save(folder, graph.ToBytes()).Sha256);
    }

    private static async Task<StageInput> InputAsync(FolderArtifactStore store, int index, bool pasted = true)
    {
        var random = new CounterRandom((ulong)index, "scene");
        var (image, mask, instances) = (new RgbImage(64, 64), new LabelMap(64, 64), new LabelMap(64, 64));
        for (var i = 0; i < mask.Labels.Length; i++)
        {
            var (x, y) = (i % 64, i / 64);
            var inside = x is > 18 and < 46 && y is > 18 and < 46;
            (mask.Labels[i], instances.Labels[i]) = inside ? ((byte)255, (byte)2) : ((byte)0, (byte)0);
            // Noise on the object, a slope elsewhere.
            for (var c = 0; c < 3; c++)
                image.Pixels[(3 * i) + c] = (byte)(inside ? 110 + (8 * index) + random.NextInt(60) : 60 + x + (int)(8 * Math.Sin(y / 5.0)));
        }

        var stop = TestContext.Current.CancellationToken;
        List<ArtifactReference> artifacts =
        [
            new(ArtifactNames.CompositeImage, await store.PutAsync(image, stop), "cpu"),
            new(ArtifactNames.Instances, await store.PutAsync(instances, stop), "cpu"),
        ];
        if (pasted) artifacts.Add(new(ArtifactNames.Pasted, await store.PutAsync(mask, stop), "cpu"));
        return new StageInput
        {
            Run = "run",
            Round = 0,
            Index = index,
            Attempt = 0,
            Plan = new SamplePlan(0, "cat", 8, "", "a cat", "", 1),
            Artifacts = [.. artifacts],
        };
    }
}
