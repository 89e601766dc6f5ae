using FreeMask.Onnx;
using FreeMask.Randomness;
using FreeMask.Training.Mini.Export;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Mini.Text;
using FreeMask.Training.Torch;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mini;

public sealed class ExportTests
{
    private const float Tolerance = 1e-4f;
    private static readonly MiniVocabulary Vocabulary = MiniVocabulary.OfCaptions();

    [Fact]
    public void The_text_encoder_equals_its_export_for_any_sequence_length()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var encoder = Trained(new TextEncoder(Vocabulary.Count, Vocabulary.End));
        foreach (var length in (int[])[16, 9])
        {
            var ids = Vocabulary
                .Encode("a photo of a dining table in the room")[..length]
                .Concat(Vocabulary.Encode("a cat")[..length])
                .ToArray();
            var expected = encoder.Forward(tensor(ids, [2, length]));
            var actual = Run(TextEncoderExport.Build(encoder, WeightStorage.Half), [Int64("input_ids", ids, 2, length)]);
            AssertClose(expected, actual);
            Assert.Equal(0, expected[1][length - 1].abs().sum().item<float>());
        }
    }

    [Fact]
    public void The_unet_equals_its_export()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var net = Trained(new UNet(16, 32));
        var (sample, text) = (Random("sample", 2, 4, 16, 16), Random("text", 2, 7, TextEncoder.Width));
        var expected = net.Forward(sample, tensor(new long[] { 3, 981 }), text);
        var actual = Run(
            UNetExport.Build(net, WeightStorage.Half),
            [Float("sample", sample), Int64("timestep", [3, 981], 2), Float("encoder_hidden_states", text)]
        );
        AssertClose(expected, actual);
        var names = UNetExport
            .Build(net, WeightStorage.Half)
            .Build()
            .Graph.Node.Where(node => node.OpType == "Softmax")
            .Select(node => node.Name)
            .ToArray();
        Assert.Equal(5, names.Count(name => name.Contains("/attn1/", StringComparison.Ordinal)));
        Assert.Equal(5, names.Count(name => name.Contains("/attn2/", StringComparison.Ordinal)));
        Assert.Contains("/up_blocks.1/attentions.0/transformer_blocks.0/attn2/Softmax", names);
    }

    [Fact]
    public void Recording_attention_does_not_change_the_unet()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var net = Trained(new UNet(16, 32));
        var (sample, text, time) = (
            Random("sample", 2, 4, 16, 16),
            Random("text", 2, 7, TextEncoder.Width),
            tensor(new long[] { 10, 500 })
        );
        var record = new AttentionStore();
        Assert.True(net.Forward(sample, time, text).allclose(net.Forward(sample, time, text, record), 1e-4, 1e-5));
        Assert.Equal((5, 5), (record.Cross.Count, record.Self.Count));
        Assert.Equal([2, UNet.Heads, 256, 7], record.Cross[0].Probabilities.shape);
    }

    [Fact]
    public void The_autoencoder_equals_its_export_with_the_normalisation_folded_in()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var network = Trained(new AutoEncoder(8, 16, 24));
        float[] mean = [0.3f, -0.2f, 1f, 0], deviation = [0.5f, 2, 1.5f, 0.8f];
        var image = Random("image", 2, 3, 32, 32);
        var raw = network.Encode(image);
        var normal = (raw - tensor(mean).view(1, -1, 1, 1)) / tensor(deviation).view(1, -1, 1, 1);
        AssertClose(normal, Run(AutoEncoderExport.BuildEncoder(network, mean, deviation, WeightStorage.Single), [Float("sample", image)]));
        AssertClose(
            network.Decode(raw),
            Run(AutoEncoderExport.BuildDecoder(network, mean, deviation, WeightStorage.Single), [Float("latent_sample", normal)])
        );
    }

    /// <summary>Small random weights everywhere, so that no branch is silent; rounded to what half precision can hold.</summary>
    private static T Trained<T>(T module) where T : nn.Module
    {
        foreach (var (name, parameter) in module.named_parameters())
        {
            var values = new float[parameter.numel()];
            new CounterRandom(1, "weights" + name).FillGaussian(values);
            parameter.add_(tensor(values, parameter.shape), PinnedScalar.Of(0.05)).copy_(parameter.to(ScalarType.Float16));
        }

        module.eval();
        return module;
    }

    private static Tensor Random(string purpose, params long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        new CounterRandom(1, purpose).FillGaussian(values);
        return tensor(values, shape);
    }

    private static (string, OrtValue) Float(string name, Tensor values) =>
        (name, OrtValue.CreateTensorValueFromMemory(values.contiguous().data<float>().ToArray(), values.shape));

    private static (string, OrtValue) Int64(string name, long[] values, params long[] shape) =>
        (name, OrtValue.CreateTensorValueFromMemory(values, shape));

    private static float[] Run(OnnxGraphBuilder graph, (string Name, OrtValue Value)[] inputs)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using var session = new InferenceSession(graph.Build().ToByteArray(), options);
        using var run = new RunOptions();
        using var outputs = session.Run(run, [.. inputs.Select(i => i.Name)], [.. inputs.Select(i => i.Value)], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static void AssertClose(Tensor expected, float[] actual)
    {
        var values = expected.contiguous().data<float>().ToArray();
        Assert.Equal(values.Length, actual.Length);
        for (var i = 0; i < values.Length; i++) Assert.InRange(actual[i], values[i] - Tolerance, values[i] + Tolerance);
    }
}
