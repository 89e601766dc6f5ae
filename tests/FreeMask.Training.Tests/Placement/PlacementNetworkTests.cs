using FreeMask.Onnx;
using FreeMask.Randomness;
using FreeMask.Tensors;
using FreeMask.Training.Placement;
using FreeMask.Training.Torch;
using FreeMask.Vision.Placement;
using FreeMask.Vision.Tests;
using Xunit;
using static TorchSharp.torch;
using Inputs = FreeMask.Tensors.FloatTensor;

namespace FreeMask.Training.Tests.Placement;

/// <summary>Against values that PyTorch computed with the arithmetic of the public FOPA (the folder composition of the golden
/// data).</summary>
public sealed class PlacementNetworkTests
{
    private const string Prefix = "fopa.";

    [Fact]
    public void Outputs_losses_and_gradients_are_those_of_the_reference()
    {
        using var scope = NewDisposeScope();
        var golden = Golden.Tensors("composition", "golden.safetensors");
        var notes = Golden.Json("composition", "golden.json").GetProperty("fopa");
        using var network = Load(golden);
        network.eval();
        network.FreezeBackground();
        var (logits, features) = network.forward(
            Tensor(golden["fopa.background"]), Tensor(golden["fopa.foreground"]), Tensor(golden["fopa.mask"]));
        Near(golden["fopa.logits"].ToSingles(), Values(logits));
        var every4 = features.slice(2, 0, features.shape[2], 4).slice(3, 0, features.shape[3], 4);
        Near(golden["fopa.fused_every_4"].ToSingles(), Values(every4));

        var target = golden["fopa.target"];
        var positions = golden["fopa.positions"].ToInt64s();
        long[] Axis(int axis) => [.. positions.Chunk(2).Select(position => position[axis])];
        var entropy = PlacementLoss.CrossEntropy(
            logits, tensor(Array.ConvertAll(target.Bytes.ToArray(), b => (long)b), [.. target.Shape]));
        var mimicking = PlacementLoss.Mimicking(
            features,
            tensor(golden["fopa.owner"].ToInt64s()),
            tensor(Axis(0)),
            tensor(Axis(1)),
            Tensor(golden["fopa.composite_features"])
        );
        var total = entropy.SafeAdd(mimicking.SafeMultiply(PlacementLoss.MimicWeight));
        foreach (var (name, value) in new[] { ("cross_entropy", entropy), ("mimic", mimicking), ("total", total) })
        {
            var expected = notes.GetProperty(name).GetDouble();
            Assert.Equal(expected, value.item<float>(), 2e-5 * Math.Max(1, expected));
        }

        total.backward();
        var gradients = network.named_parameters().Where(p => p.parameter.requires_grad).ToDictionary(p => p.name, p => p.parameter.grad);
        foreach (var norm in notes.GetProperty("gradient_norms").EnumerateObject())
        {
            var expected = norm.Value.GetDouble();
            var actual = gradients[norm.Name] is { } gradient ? gradient.norm().item<float>() : 0;
            // Norms of float32 against float32: sums of many terms of both signs differ more than values do.
            Assert.Equal(expected, actual, 2e-4 * Math.Max(1, expected));
        }

        const string Full = "fopa.gradient.";
        foreach (var name in golden.Tensors.Select(t => t.Name).Where(n => n.StartsWith(Full, StringComparison.Ordinal)))
        {
            var expected = golden[name].ToSingles();
            Near(expected, gradients[name[Full.Length..]] is { } gradient ? Values(gradient) : new float[expected.Length]);
        }
    }

    [Theory]
    [InlineData(4, 2, 16)]
    [InlineData(3, 3, 5)]
    public void The_exported_graph_computes_what_the_network_does(int width, int lastDepth, int features)
    {
        const int Side = 64, Count = 3;
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var network = new PlacementNetwork(new PlacementShape(width, [2, 2, 2, lastDepth], features), seed: 5);
        network.eval();
        var random = new CounterRandom(1, "inputs");
        Inputs Noise(int count, int channels)
        {
            var values = Inputs.Zeros(count, channels, Side, Side);
            for (var i = 0; i < values.Values.Length; i++)
                values.Values[i] = channels == 1 ? random.NextInt(2) : (float)random.NextGaussian();
            return values;
        }

        var (background, foreground, mask) = (Noise(1, 3), Noise(Count, 3), Noise(Count, 1));
        var (logits, fused) = network.forward(
            tensor(background.Values, [1, 3, Side, Side]).expand(Count, 3, Side, Side),
            tensor(foreground.Values, [.. foreground.Shape]),
            tensor(mask.Values, [.. mask.Shape])
        );
        using var session = OnnxSession.FromBytes(network.ToOnnx(Side), "placement", new OnnxSessionOptions());
        var outputs = session.Run(
            new Dictionary<string, Inputs>
            {
                [FopaGraph.Background] = background,
                [FopaGraph.Foreground] = foreground,
                [FopaGraph.Mask] = mask,
            },
            FopaGraph.Logits,
            FopaGraph.Features
        );
        Near(Values(logits), outputs[0].Values);
        Near(Values(fused), outputs[1].Values);
        var scores = nn.functional.softmax(tensor(outputs[0].Values, logits.shape), 1);
        Golden.Near(Values(nn.functional.softmax(logits, 1)), Values(scores), 1e-4);
    }

    [Fact]
    public void Start_weights_fill_both_encoders_and_the_mask_is_read_as_lightness()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var network = new PlacementNetwork(PlacementShape.Public(2), seed: 1);
        var tensors = new List<NamedTensor>();
        var random = new CounterRandom(1, "start");
        foreach (var (name, value) in network.state_dict())
        {
            if (!name.StartsWith("bg_encoder", StringComparison.Ordinal) || name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
                continue;
            var shape = value.shape;
            if (name == "bg_encoder1.0.weight") shape = [shape[0], 3, shape[2], shape[3]];
            var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
            for (var i = 0; i < values.Length; i++) values[i] = (float)random.NextDouble(0.1, 1);
            tensors.Add(NamedTensor.FromSingles(Backbone(name), shape, values));
        }

        var file = new SafetensorsFile(tensors);
        network.Start(file);
        var own = network.state_dict();
        var stem = file["resnet.embedder.embedder.convolution.weight"].ToSingles();
        var area = (int)(own["fg_encoder1.0.weight"].shape[2] * own["fg_encoder1.0.weight"].shape[3]);
        var loaded = Values(own["fg_encoder1.0.weight"]);
        Assert.Equal(stem[..(3 * area)], loaded[..(3 * area)]);
        Assert.Equal((0.299f * stem[0]) + (0.587f * stem[area]) + (0.114f * stem[2 * area]), loaded[3 * area], 6);
        Assert.Equal(
            file["resnet.encoder.stages.3.layers.1.layer.1.normalization.running_var"].ToSingles(),
            Values(own["fg_encoder32.1.bn2.running_var"])
        );
        Assert.Equal(
            file["resnet.encoder.stages.1.layers.0.shortcut.convolution.weight"].ToSingles(),
            Values(own["bg_encoder4.0.downsample.0.weight"])
        );
    }

    /// <summary>Hugging Face's name of a tensor of the background encoder.</summary>
    private static string Backbone(string name)
    {
        var parts = name.Split('.');
        if (name.StartsWith("bg_encoder1.", StringComparison.Ordinal))
            return $"resnet.embedder.embedder.{(parts[1] == "0" ? "convolution" : "normalization")}.{parts[^1]}";
        if (parts[0] == "bg_encoder2") parts = [parts[0], .. parts[2..]];
        var stage = parts[0] switch { "bg_encoder2" => 0, "bg_encoder4" => 1, "bg_encoder8" => 2, _ => 3 };
        var unit = parts[2] switch
        {
            "conv1" => "layer.0.convolution",
            "bn1" => "layer.0.normalization",
            "conv2" => "layer.1.convolution",
            "bn2" => "layer.1.normalization",
            _ => parts[3] == "0" ? "shortcut.convolution" : "shortcut.normalization",
        };
        return $"resnet.encoder.stages.{stage}.layers.{parts[1]}.{unit}.{parts[^1]}";
    }

    private static PlacementNetwork Load(SafetensorsFile golden)
    {
        var width = (int)golden["fopa.bg_encoder1.0.weight"].Shape[0];
        var network = new PlacementNetwork(
            PlacementShape.Public(width) with { Features = (int)golden["fopa.classifier.weight"].Shape[1] }, seed: 1);
        var own = network.state_dict().Keys.ToHashSet(StringComparer.Ordinal);
        string? Own(string name) =>
            name.StartsWith(Prefix, StringComparison.Ordinal) && own.TryGetValue(name[Prefix.Length..], out var found) ? found : null;
        ModuleState.Import(network, golden, Own).ThrowIfAny("the golden data");
        return network;
    }

    private static Tensor Tensor(NamedTensor named) => tensor(named.ToSingles(), [.. named.Shape]);

    private static float[] Values(Tensor value) => value.detach().contiguous().data<float>().ToArray();

    private static void Near(float[] expected, float[] actual) =>
        Golden.Near(expected, actual, 2e-5 * Math.Max(1, expected.Max(MathF.Abs)));
}
