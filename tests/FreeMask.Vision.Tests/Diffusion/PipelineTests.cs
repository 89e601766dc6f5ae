using System.Security.Cryptography;
using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Onnx;
using FreeMask.Tensors;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion;

public sealed class PipelineTests
{
    private const string Folder = "sd15-optimum";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_image_does_not_depend_on_its_batch(int threads)
    {
        GenerationRequest[] requests =
        [
            .. Enumerable.Range(0, 5).Select(i => Request(i) with { Classes = i % 2 == 0 ? ["dog"] : ["dining table", "dog"] }),
        ];
        var alone = Digests(requests, batch: 1, threads);
        var together = Digests(requests, batch: 4, threads);
        Assert.Equal(alone, together);
    }

    [Fact]
    public void Mixed_requests_come_back_in_order()
    {
        using var bundle = DiffusionBundle.Load(Fixtures.Path("sd", Folder), new() { BatchSize = 2, Session = new() { Threads = 1 } });
        GenerationRequest[] requests =
        [
            Request(0),
            Request(1) with
            {
                Guidance = 1,
            },
            Request(2) with
            {
                Width = 192,
            },
            Request(3) with
            {
                Steps = 2,
            },
        ];
        var results = new DiffusionPipeline(bundle).Generate(requests, cancellation: Token);
        Assert.Equal([128, 128, 192, 128], results.Select(r => r.Image.Width));
        Assert.Equal([4, 4, 4, 2], results.Select(r => r.Attention.Passes));
        Assert.All(results, r => Assert.Equal(["dog"], r.Attention.Classes));
        Assert.Equal((24, 16), (results[2].Attention.Cross[0].Width, results[2].Attention.Cross[0].Height));
        Assert.Equal([(24, 16), (12, 8)], results[2].Attention.Self.Select(s => (s.Width, s.Height)));
    }

    [Fact]
    public void Self_attention_rows_sum_to_one_and_windows_count_steps()
    {
        using var bundle = DiffusionBundle.Load(Fixtures.Path("sd", Folder), new() { Session = new() { Threads = 1 } });
        var pipeline = new DiffusionPipeline(bundle);
        var record = pipeline.Generate([Request(0)], new() { WindowStart = 0.5 }, Token)[0].Attention;
        Assert.Equal(2, record.Passes);
        foreach (var grid in record.Self)
            foreach (var row in grid.Values.Chunk(grid.Width * grid.Height)) Assert.Equal(1f, row.Sum(), 2e-2f);
        var renoised = pipeline.Generate([Request(0)], CaptureOptions.For(AttentionPreset.FreeMask), Token)[0];
        Assert.Equal(1, renoised.Attention.Passes);
        var again = pipeline.CaptureFromImage(renoised.Image, "a photo of a dog", ["dog"], 100, new(1, 0, 0));
        Assert.Equal(renoised.Attention.Cross.Count, again.Cross.Count);
        Assert.Equal((16, 16), (AttentionAggregator.Aggregate(again, AttentionPreset.FreeMask)[0].Width, again.LatentHeight));
    }

    [Fact]
    public void Impossible_requests_are_refused_before_any_step()
    {
        using var bundle = DiffusionBundle.Load(Fixtures.Path("sd", Folder), new() { Session = new() { Threads = 1 } });
        var pipeline = new DiffusionPipeline(bundle);
        Refuses(Request(0) with { Classes = ["cat"] }, "cat");
        Refuses(Request(0) with { Width = 100 }, "multiples of 64");
        Refuses(Request(0) with { Prompt = string.Join(' ', Enumerable.Repeat("word", 80)) + " dog" }, "cut off");
        Refuses(Request(0) with { Steps = 2000 }, "2000");
        var cut = pipeline.Generate(
            [Request(0) with { Prompt = "dog " + string.Join(' ', Enumerable.Repeat("word", 80)), Steps = 1 }],
            cancellation: Token
        )[0];
        Assert.Contains("cut off", Assert.Single(cut.Warnings), StringComparison.Ordinal);

        void Refuses(GenerationRequest request, string expected) =>
            Assert.Contains(
                expected,
                Assert.Throws<FreeMaskException>(() => pipeline.Generate([request], cancellation: Token)).Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void Integer_timesteps_refuse_a_fractional_schedule()
    {
        using var bundle = DiffusionBundle.Load(Fixtures.Path("sd", "sd15-dynamo18"), new() { Session = new() { Threads = 1 } });
        var request = Request(0) with { Scheduler = new() { Kind = SchedulerKind.Euler, Spacing = TimestepSpacing.Linspace }, Steps = 6 };
        var error = Assert.Throws<FreeMaskException>(() => new DiffusionPipeline(bundle).Generate([request], cancellation: Token));
        Assert.Contains("integer timesteps", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        var folder = Directory.CreateTempSubdirectory();
        var error = Assert.Throws<FreeMaskException>(() => DiffusionBundle.Load(folder.FullName));
        Assert.Contains(Path.Combine("unet", "model.onnx"), error.Message, StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Wrong_inputs_are_named_with_what_was_expected()
    {
        using var session = OnnxSession.Load(Fixtures.Path("sd", Folder, "vae_decoder", "model.onnx"));
        Assert.Contains(
            "latent_sample",
            Assert.Throws<FreeMaskException>(() => session.Run(new Dictionary<string, FloatTensor>(), "sample")).Message,
            StringComparison.Ordinal
        );
        var wrong = new Dictionary<string, FloatTensor> { ["latent_sample"] = FloatTensor.Zeros(1, 3, 8, 8) };
        Assert.Contains(
            "[1, 3, 8, 8]",
            Assert.Throws<FreeMaskException>(() => session.Run(wrong, "sample")).Message,
            StringComparison.Ordinal
        );
    }

    private static GenerationRequest Request(long index) => new()
    {
        Prompt = "a photo of a dining table beside a dog",
        NegativePrompt = "blurry",
        Classes = ["dog"],
        Noise = new(7, index, 0),
        Steps = 4,
        Width = 128,
        Height = 128,
        Scheduler = new() { Kind = SchedulerKind.EulerAncestral, Spacing = TimestepSpacing.Leading, StepsOffset = 1 },
    };

    private static string[] Digests(GenerationRequest[] requests, int batch, int threads)
    {
        using var bundle = DiffusionBundle.Load(
            Fixtures.Path("sd", Folder),
            new()
            {
                BatchSize = batch,
                Session = new() { Threads = threads },
            }
        );
        var results = new DiffusionPipeline(bundle).Generate(requests, cancellation: Token);
        return [.. results.Select(r => Convert.ToHexString(SHA256.HashData([.. r.Image.Pixels, .. r.Attention.ToBytes()])))];
    }
}
