using FreeMask.Diffusion.Inspection;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Imaging;
using FreeMask.Onnx.Proto;
using Google.Protobuf;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion;

/// <summary>Exports whose dimensions are fixed, as exporters make them unless they are told otherwise.</summary>
public sealed class FixedExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FixedExportTests() => TinyExport.CopyTo(_folder);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Batches_are_split_and_filled_up(int rows)
    {
        Fix("unet", "sample", rows, 4, 16, 16);
        Fix("unet", "encoder_hidden_states", rows, 77);
        Fix("text_encoder", "input_ids", 2, 77);
        Fix("vae_decoder", "latent_sample", 2);
        Fix("vae_encoder", "sample", 3);
        GenerationRequest[] requests = [Request(0), Request(1) with { Prompt = "a bus and a cat", Classes = ["bus", "cat"] }];
        using var plain = DiffusionBundle.Load(TinyExport.Folder, new() { BatchSize = 2, Session = new() { Threads = 1 } });
        using var bundle = DiffusionBundle.Load(
            _folder.Path,
            new()
            {
                BatchSize = 2,
                UseIoBinding = true,
                Session = new() { Threads = 1 },
            }
        );
        Assert.Equal((128, 128), (bundle.FixedWidth, bundle.FixedHeight));
        Assert.Contains(bundle.Notes, note => note.Contains($"{rows} rows", StringComparison.Ordinal));
        var expected = new DiffusionPipeline(plain).Generate(
            [.. requests.Select(r => r with { Width = 128, Height = 128 })],
            cancellation: TestContext.Current.CancellationToken
        );
        // The fixed sides are the default.
        var actual = new DiffusionPipeline(bundle).Generate(requests, cancellation: TestContext.Current.CancellationToken);
        for (var i = 0; i < requests.Length; i++)
        {
            Assert.All(expected[i].Latent.Zip(actual[i].Latent), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
            foreach (var (a, b) in expected[i].Attention.Cross.Zip(actual[i].Attention.Cross))
                Assert.All(a.Values.Zip(b.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
            foreach (var (a, b) in expected[i].Attention.Self.Zip(actual[i].Attention.Self))
                Assert.All(a.Values.Zip(b.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        }

        Assert.All(
            plain.Reconstruct(new RgbImage(64, 64)).Pixels.Zip(bundle.Reconstruct(new RgbImage(64, 64)).Pixels),
            pair => Assert.InRange(pair.First - pair.Second, -1, 1)
        );
        Assert.Contains(
            "fixed to 128 x 128",
            Assert.Throws<FreeMaskException>(() => new DiffusionPipeline(bundle).Generate([Request(0) with { Width = 192 }])).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_a_run_must_know_is_read_from_the_files_heads()
    {
        var plain = BundleFacts.Read(_folder.Path);
        using (var bundle = DiffusionBundle.Load(_folder.Path))
            Assert.Equal(
                (bundle.SideMultiple, null, null, null, null, null),
                (plain.SideMultiple, plain.FixedWidth, plain.FixedHeight, plain.Steps, plain.Guidance, plain.SchedulerProblem)
            );
        Fix("unet", "sample", 1, 4, 24, 16);
        var scheduler = _folder["scheduler", "scheduler_config.json"];
        File.WriteAllText(scheduler, """{"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}""");
        Assert.Equal(plain with { FixedWidth = 128, FixedHeight = 192, Steps = 4, Guidance = 1 }, BundleFacts.Read(_folder.Path));
        File.WriteAllText(scheduler, """{"_class_name": "LCMScheduler"}""");
        Assert.Equal((4, 1.0), (BundleFacts.Read(_folder.Path).Steps, BundleFacts.Read(_folder.Path).Guidance));
        File.WriteAllText(scheduler, """{"_class_name": "KDPM2DiscreteScheduler"}""");
        Assert.Contains("KDPM2DiscreteScheduler", BundleFacts.Read(_folder.Path).SchedulerProblem, StringComparison.Ordinal);

        // Such a folder loads, says so, and draws with a sampler that a run chooses. No model_index.json is needed.
        File.Delete(_folder["model_index.json"]);
        Assert.True(BundleFacts.IsBundle(_folder.Path));
        using var loaded = DiffusionBundle.Load(_folder.Path, new() { Session = new() { Threads = 1 } });
        Assert.Contains(loaded.Notes, note => note.Contains("KDPM2DiscreteScheduler", StringComparison.Ordinal));
        Assert.Throws<FreeMaskException>(() => new DiffusionPipeline(loaded).Generate([Request(0) with { Scheduler = null }]));
        var drawn = new DiffusionPipeline(loaded).Generate(
            [Request(0) with { Scheduler = loaded.Sampler("euler"), Guidance = 1 }],
            cancellation: TestContext.Current.CancellationToken
        );
        Assert.Equal((128, 192), (drawn[0].Image.Width, drawn[0].Image.Height));
    }

    [Theory]
    [InlineData("vae_decoder", "latent_sample", new[] { 1, 4, 32, 32 }, "parts of different exports")]
    [InlineData("text_encoder", "input_ids", new[] { 1, 40 }, "texts of 40 tokens")]
    [InlineData("unet", "encoder_hidden_states", new[] { 2, 40 }, "texts of 40 tokens")]
    public void Parts_that_do_not_fit_are_refused_when_they_are_loaded(string part, string input, int[] dimensions, string reason)
    {
        Fix("unet", "sample", 2, 4, 16, 16);
        Fix(part, input, dimensions);
        Assert.Contains(
            reason,
            Assert.Throws<FreeMaskException>(() => DiffusionBundle.Load(_folder.Path, new() { Session = new() { Threads = 1 } })).Message,
            StringComparison.Ordinal
        );
    }

    private static GenerationRequest Request(long index) => new()
    {
        Prompt = "a photo of a dog",
        Classes = ["dog"],
        Noise = new(11, index, 0),
        Steps = 2,
        Scheduler = new() { Kind = SchedulerKind.Ddim },
    };

    private void Fix(string part, string input, params int[] dimensions)
    {
        var path = _folder[part, "model.onnx"];
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        var shape = model.Graph.Input.Single(i => i.Name == input).Type.TensorType.Shape;
        for (var i = 0; i < dimensions.Length; i++) shape.Dim[i] = new TensorShapeProto.Types.Dimension { DimValue = dimensions[i] };
        File.WriteAllBytes(path, model.ToByteArray());
    }
}
