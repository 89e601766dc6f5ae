using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Onnx.Proto;
using Google.Protobuf;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion;

/// <summary>Exports of which one part gives NaN, as half precision does where it overflows.</summary>
public sealed class NotANumberTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public NotANumberTests() => TinyExport.CopyTo(_folder);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("text_encoder", false)]
    [InlineData("unet", false)]
    [InlineData("unet", true)]
    [InlineData("vae_decoder", false)]
    public void The_model_that_gives_it_is_named(string part, bool bound)
    {
        Poison(_folder[part, "model.onnx"]);
        using var bundle = DiffusionBundle.Load(
            _folder.Path,
            new()
            {
                BatchSize = 1,
                UseIoBinding = bound,
                Session = new() { Threads = 1 },
            }
        );
        var request = new GenerationRequest
        {
            Prompt = "a dog",
            Classes = ["dog"],
            Noise = new(1, 0, 0),
            Steps = 2,
            Width = 64,
            Height = 64,
            Guidance = 1,
            Scheduler = new() { Kind = SchedulerKind.Ddim },
        };
        var message = Assert
            .Throws<FreeMaskException>(() =>
                new DiffusionPipeline(bundle).Generate([request], cancellation: TestContext.Current.CancellationToken)
            )
            .Message;
        Assert.StartsWith(_folder[part, "model.onnx"] + " gives NaN", message, StringComparison.Ordinal);
        Assert.Contains("fp16", message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_encoder_that_gives_it_is_named()
    {
        Poison(_folder["vae_encoder", "model.onnx"]);
        using var bundle = DiffusionBundle.Load(_folder.Path, new() { Session = new() { Threads = 1 } });
        Assert.StartsWith(
            _folder["vae_encoder", "model.onnx"],
            Assert.Throws<FreeMaskException>(() => bundle.Reconstruct(new(64, 64))).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>Makes the inline vectors of a model (biases, scales of norms) NaN.</summary>
    private static void Poison(string path)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        foreach (var tensor in model.Graph.Initializer.Where(t => t.DataType == 1 && t.Dims.Count == 1 && t.RawData.Length > 0))
        {
            var values = new byte[tensor.RawData.Length];
            Array.Fill(values, (byte)0xFF);
            tensor.RawData = ByteString.CopyFrom(values);
        }

        File.WriteAllBytes(path, model.ToByteArray());
    }
}
