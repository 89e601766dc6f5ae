using FreeMask.Diffusion.Conformance;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Diffusion.Schedulers;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion;

/// <summary>
/// A tiny Stable Diffusion 1 with random weights, exported by diffusers' legacy script, with a part of what its reference pipeline
/// computed: it travels with the tests, so that the whole path runs on every machine.
/// </summary>
public sealed class CopiedExportTests : IDisposable
{
    private static readonly string Folder = Path.Combine(Fixtures.RepositoryRoot, "tests", "FreeMask.Vision.Tests", "Diffusion", "Export");

    private readonly DiffusionBundle _bundle = DiffusionBundle.Load(Folder, new() { BatchSize = 2, Session = new() { Threads = 1 } });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _bundle.Dispose();

    [Fact]
    public void It_computes_what_its_reference_computed()
    {
        var report = BundleConformance.Measure(Folder, Path.Combine(Folder, "golden"), new() { Session = new() { Threads = 1 } }, Token);
        Assert.DoesNotContain(report.Rows, r => !r.Passed);
        Assert.All(
            new[] { "token ids", "text embedding", "U-Net call", "latents", "class map", "image" },
            q => Assert.Contains(report.Rows, r => r.Quantity.Contains(q, StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData(512, 512)]
    [InlineData(512, 768)]
    [InlineData(320, 192)]
    public void Grids_of_attention_have_the_aspect_of_the_image(int width, int height)
    {
        var record = Generate(Request(0) with { Width = width, Height = height, Guidance = 1, Steps = 1 })[0].Attention;
        Assert.Equal((width / 8, height / 8), (record.LatentWidth, record.LatentHeight));
        Assert.All(record.Cross, c => Assert.Equal(width * c.Height, height * c.Width));
        Assert.All(
            record.Self,
            s => Assert.Equal((width * s.Height, s.Width * s.Height * s.Width * s.Height), (height * s.Width, s.Values.Length))
        );
        Assert.InRange(record.Self.Max(s => Math.Min(s.Width, s.Height)), 1, 32);
    }

    [Fact]
    public void Prompts_of_a_batch_are_drawn_as_if_alone()
    {
        GenerationRequest[] requests = [Request(0), Request(1) with { Prompt = "a bus and a dog", Classes = ["bus", "dog"] }, Request(2)];
        var together = Generate(requests);
        for (var i = 0; i < requests.Length; i++)
        {
            Assert.Equal(Generate(requests[i])[0].Image.Pixels, together[i].Image.Pixels);
            Assert.Equal(requests[i].Classes, together[i].Attention.Classes);
        }
    }

    [Fact]
    public void A_long_negative_prompt_is_cut_with_a_warning_that_names_the_words()
    {
        var words = string.Join(' ', Enumerable.Repeat("blurry", 90)) + " zebra";
        var cut = Generate(Request(0) with { NegativePrompt = words })[0];
        Assert.Contains("zebra", Assert.Single(cut.Warnings), StringComparison.Ordinal);
        Assert.Contains("negative prompt", cut.Warnings[0], StringComparison.Ordinal);
        // Without guidance nobody reads it.
        Assert.Empty(Generate(Request(0) with { NegativePrompt = words, Guidance = 1 })[0].Warnings);
    }

    [Fact]
    public void Rescaled_guidance_gives_the_prediction_the_deviation_of_the_conditional_one()
    {
        var plain = Generate(Request(0))[0].Latent;
        Assert.NotEqual(plain, Generate(Request(0) with { GuidanceRescale = 0.7f })[0].Latent);
        Assert.Equal(plain, Generate(Request(0) with { GuidanceRescale = 0 })[0].Latent);
    }

    public static TheoryData<SchedulerKind> Samplers => [.. Enum.GetValues<SchedulerKind>()];

    [Theory]
    [MemberData(nameof(Samplers))]
    public void Latents_that_stay_on_the_device_give_the_same_images(SchedulerKind kind)
    {
        using var bound = DiffusionBundle.Load(Folder, new() { BatchSize = 2, UseIoBinding = true, Session = new() { Threads = 1 } });
        var shared = new SchedulerConfig { Kind = kind, Spacing = TimestepSpacing.Leading, StepsOffset = 1 };
        GenerationRequest[] requests =
        [
            Request(0) with
            {
                Steps = 5,
                Scheduler = shared,
            },
            Request(1) with
            {
                Steps = 5,
                Scheduler = shared with { Prediction = PredictionType.Velocity },
                Width = 192,
                NegativePrompt = "blurry",
            },
            Request(2) with
            {
                Steps = 1,
                Scheduler = shared,
                Guidance = 1,
            },
        ];
        foreach (
            var capture in new CaptureOptions[]
            {
                new(),
                new() { WindowStart = 0.4, WindowEnd = 0.8 },
                new() { RenoiseTimestep = 100 },
            }
        )
        {
            var expected = new DiffusionPipeline(_bundle).Generate(requests, capture, Token);
            var actual = new DiffusionPipeline(bound).Generate(requests, capture, Token);
            Assert.Equal(expected.Select(r => r.Image.Pixels), actual.Select(r => r.Image.Pixels));
            Assert.Equal(expected.Select(r => r.Latent), actual.Select(r => r.Latent));
            Assert.Equal(expected.Select(r => r.Attention.ToBytes()), actual.Select(r => r.Attention.ToBytes()));
        }
    }

    [Fact]
    public void Guidance_is_rescaled_on_the_device_as_here()
    {
        using var bound = DiffusionBundle.Load(Folder, new() { BatchSize = 2, UseIoBinding = true, Session = new() { Threads = 1 } });
        GenerationRequest[] requests = [Request(0) with { GuidanceRescale = 0.7f, Steps = 4 }, Request(1) with { Steps = 4 }];
        var (expected, actual) = (Generate(requests), new DiffusionPipeline(bound).Generate(requests, cancellation: Token));
        Assert.Equal(expected[1].Latent, actual[1].Latent);
        // Sums of a whole image are made in another order.
        Assert.All(expected[0].Latent.Zip(actual[0].Latent), p => Assert.Equal(p.First, p.Second, 1e-4f));
    }

    private IReadOnlyList<GenerationResult> Generate(params GenerationRequest[] requests) =>
        new DiffusionPipeline(_bundle).Generate(requests, cancellation: Token);

    private static GenerationRequest Request(long index) => new()
    {
        Prompt = "a photo of a dog",
        Classes = ["dog"],
        Noise = new(11, index, 0),
        Steps = 2,
        Width = 128,
        Height = 128,
        Scheduler = new() { Kind = SchedulerKind.Ddim },
    };
}
