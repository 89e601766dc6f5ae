using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion;

/// <summary>The bundle that ships with the project (or the one that FREEMASK_BUNDLE names) runs like any other.</summary>
public sealed class ShippedBundleTests
{
    [Fact]
    public void It_draws_and_captures()
    {
        var folder = Environment.GetEnvironmentVariable("FREEMASK_BUNDLE") ?? Path.Combine(Fixtures.RepositoryRoot, "models", "mini");
        Assert.SkipUnless(File.Exists(Path.Combine(folder, "unet", "model.onnx")), $"there is no bundle in {folder}");
        using var bundle = DiffusionBundle.Load(folder, new() { BatchSize = 2, Session = new() { Threads = 1 } });
        var request = new GenerationRequest
        {
            Prompt = "a photo of a potted plant on the grass",
            Classes = ["potted plant"],
            Noise = new(3, 0, 0),
            Steps = 8,
            Guidance = 3,
        };
        var results = new DiffusionPipeline(bundle).Generate(
            [request, request with { Noise = new(3, 1, 0) }, request],
            CaptureOptions.For(AttentionPreset.FreeMask),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(results[0].Image.Pixels, results[2].Image.Pixels);
        Assert.Equal(results[0].Attention.ToBytes(), results[2].Attention.ToBytes());
        Assert.NotEqual(results[0].Image.Pixels, results[1].Image.Pixels);
        Assert.Equal(bundle.NativeSize, results[0].Image.Width);
        var map = AttentionAggregator.Aggregate(results[0].Attention, AttentionPreset.FreeMask)[0];
        Assert.Equal((16, 16), (map.Width, map.Height));
        Assert.Equal(1f, map.Values.Max(), 1e-3f);
    }
}
