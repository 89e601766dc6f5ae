using FreeMask.Diffusion.Attention;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Artifacts;
using FreeMask.Imaging;
using FreeMask.Pipeline;
using FreeMask.Tensors;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Masking;
using Xunit;

namespace FreeMask.Silo.Tests.Pipeline;

public sealed class MaskStageHandlerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freemask-mask-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_affinity_model_of_the_run_refines_the_mask()
    {
        var store = new FolderArtifactStore(Path.Combine(_folder, "artifacts"), TimeProvider.System);
        var (model, hash) = Model();
        var input = await InputAsync(store);
        var plain = Assert.Single(
            await new MaskStageHandler(store).RunAsync(Spec(null, null), [input], TestContext.Current.CancellationToken)
        );
        var refined = Assert.Single(
            await new MaskStageHandler(store).RunAsync(Spec(model, hash), [input], TestContext.Current.CancellationToken)
        );
        Assert.NotEqual(await AreaAsync(store, plain), await AreaAsync(store, refined));
    }

    [Fact]
    public async Task Another_model_than_the_one_that_the_run_began_with_is_refused()
    {
        var store = new FolderArtifactStore(Path.Combine(_folder, "artifacts"), TimeProvider.System);
        var (model, _) = Model();
        var input = await InputAsync(store);
        var error = await Assert.ThrowsAsync<FreeMaskException>(() =>
            new MaskStageHandler(store).RunAsync(Spec(model, new string('0', 64)), [input], TestContext.Current.CancellationToken)
        );
        Assert.Contains("started with", error.Message, StringComparison.Ordinal);
    }

    private static async Task<int> AreaAsync(FolderArtifactStore store, StageOutcome outcome)
    {
        var label = Assert.Single(outcome.Artifacts, artifact => artifact.Name == ArtifactNames.Label).Hash;
        return (await store.GetLabelsAsync(label, TestContext.Current.CancellationToken)).Labels.Count(l => l == 8);
    }

    private static RunSpec Spec(string? affinity, string? hash) => new()
    {
        Name = "masks",
        Classes = ["cat"],
        Mask = new MaskSpec { Refinement = "none", Affinity = affinity, AffinityHash = hash, MinConfidence = 0 },
    };

    /// <summary>A head with zero weights: all cells have affinity 1, so that the walk spreads every map.</summary>
    private (string Folder, string Hash) Model()
    {
        var channels = AffinityFeatures.Channels;
        var tensors = channels
            .Select((c, k) => NamedTensor.FromSingles($"reduce.{k}.weight", [1, c, 1, 1], new float[c]))
            .Append(NamedTensor.FromSingles("merge.weight", [1, 3, 1, 1], new float[3]));
        var folder = Path.Combine(_folder, "affinity");
        return (
            folder,
            AffinityModel
                .Save(folder, new AffinityConfig { Side = 32, Steps = 8 }, [(null, AffinityHead.FromTensors(new SafetensorsFile(tensors)))])
                .Sha256
        );
    }

    private static async Task<StageInput> InputAsync(FolderArtifactStore store)
    {
        var map = new float[2 * 256];
        for (var i = 0; i < 256; i++) map[i] = i % 16 is > 4 and < 10 && i / 16 is > 5 and < 11 ? 1 : 0;
        var record = new AttentionRecord(
            ["cat"], 16, 16, 1,
            [new CrossAttentionLayer("up", UNetPart.Up, 16, 16, map)],
            [new SelfAttentionGrid(16, 16, [.. Enumerable.Range(0, 256 * 256).Select(i => i / 256 == i % 256 ? 1f : 0f)])]);
        var image = await store.PutAsync(ImageCodec.EncodePng(new RgbImage(64, 64)), TestContext.Current.CancellationToken);
        var attention = await store.PutAsync(record.ToBytes(), TestContext.Current.CancellationToken);
        return new StageInput
        {
            Run = "run",
            Round = 0,
            Index = 0,
            Attempt = 0,
            Plan = new SamplePlan(0, "cat", 8, "", "a cat", "", 1),
            Artifacts =
            [
                new ArtifactReference(ArtifactNames.Attention, attention, "cpu"),
                new ArtifactReference(ArtifactNames.Image, image, "cpu"),
            ],
        };
    }
}
