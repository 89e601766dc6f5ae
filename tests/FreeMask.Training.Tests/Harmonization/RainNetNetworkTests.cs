using FreeMask.Onnx;
using FreeMask.Randomness;
using FreeMask.Training.Harmonization;
using FreeMask.Training.Torch;
using FreeMask.Vision.Harmonization;
using FreeMask.Vision.Tests;
using Xunit;
using static TorchSharp.torch;
using Inputs = FreeMask.Tensors.FloatTensor;

namespace FreeMask.Training.Tests.Harmonization;

public sealed class RainNetNetworkTests
{
    private const string Prefix = "rainnet.";

    /// <summary>Against values that PyTorch computed with the arithmetic of the public RainNet, and under its names.</summary>
    [Fact]
    public void The_public_network_gives_what_PyTorch_gives()
    {
        const int Side = 256;
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var golden = Golden.Tensors("composition", "golden.safetensors");
        using var network = new RainNetNetwork(width: 2, levels: 8, seed: 1);
        ModuleState
            .Import(network, golden, name =>
                name.StartsWith(Prefix, StringComparison.Ordinal) && golden[name].DataType == "F32" && !IsResult(name)
                    ? name[Prefix.Length..]
                    : null)
            .ThrowIfAny("the golden data");
        var image = new float[3 * Side * Side];
        PublicForms.Fill(Golden.Rgb(golden["rainnet.photo"]), image, 2, -1);
        var mask = Array.ConvertAll(golden["rainnet.mask"].Bytes.ToArray(), m => (float)m);
        var output = network.forward((tensor(image, [1, 3, Side, Side]), tensor(mask, [1, 1, Side, Side])));
        var expected = golden["rainnet.raw_every_4"].ToSingles();
        Golden.Near(expected, Values(output.slice(2, 0, Side, 4).slice(3, 0, Side, 4)), 2e-5 * Math.Max(1, expected.Max(MathF.Abs)));
    }

    [Theory]
    [InlineData(3, 5, 3)]
    [InlineData(2, 6, 2)]
    [InlineData(16, 7, 2)]
    public void The_exported_graph_computes_what_the_network_does_alone_or_in_a_batch(int width, int levels, int count)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var network = new RainNetNetwork(width, levels, seed: 3);
        // Parameters of the normalization start at zero, where a graph that left them out would compute the same.
        foreach (var (name, parameter) in network.named_parameters())
            if (parameter.dim() == 1) Initialization.Normal(parameter, 0.2, 4, name);
        var (image, mask) = Drawn(count, 1 << levels);
        var expected = Values(network.forward((tensor(image.Values, [.. image.Shape]), tensor(mask.Values, [.. mask.Shape]))));
        using var session = OnnxSession.FromBytes(
            RainNetGraph.Write(ModuleState.ToFile(network)), "rainnet", new OnnxSessionOptions());
        var together = Run(session, image, mask);
        Golden.Near(expected, together, 1e-4);
        for (var i = 0; i < count; i++)
        {
            Inputs Alone(Inputs all) => new(all.Row(i).ToArray(), [1, .. all.Shape.Skip(1)]);
            var length = image.Row(i).Length;
            Golden.Near(together[(i * length)..((i + 1) * length)], Run(session, Alone(image), Alone(mask)), 1e-5);
        }
    }

    [Fact]
    public void The_gradient_is_the_slope_of_the_output()
    {
        const int Levels = 5;
        using var scope = NewDisposeScope();
        using var network = new RainNetNetwork(width: 6, Levels, seed: 2);
        var (image, mask) = Drawn(2, 1 << Levels);
        var (x, m) = (tensor(image.Values, [.. image.Shape]), tensor(mask.Values, [.. mask.Shape]));
        // Weighted by numbers of both signs, so that errors in single pixels do not cancel.
        var weights = tensor(Drawn(2, 1 << Levels, "weights").Image.Values, [.. image.Shape]);
        double Output()
        {
            using var inner = NewDisposeScope();
            using var frozen = no_grad();
            return network.forward((x, m)).mul(weights).mean().item<float>();
        }

        network.forward((x, m)).mul(weights).mean().backward();
        foreach (var (name, parameter) in network.named_parameters())
        {
            // One step against the gradient of this parameter alone: the output falls by step x |gradient|^2.
            var gradient = parameter.grad!.clone();
            var squared = gradient.SafeSquare().sum().item<float>();
            if (squared == 0) continue;
            var step = 2e-3 / Math.Sqrt(squared);
            void Move(double by)
            {
                using var frozen = no_grad();
                parameter.add_(gradient.SafeMultiply(by), PinnedScalar.Of(1));
            }

            Move(-step);
            var low = Output();
            Move(2 * step);
            var high = Output();
            Move(-step);
            var expected = 2 * step * squared;
            Assert.True(Math.Abs(high - low - expected) < (0.05 * expected) + 2e-7, $"{name}: {high - low} instead of {expected}");
        }
    }

    private static bool IsResult(string name) =>
        name.Contains("every_4", StringComparison.Ordinal) || name.EndsWith("_sum", StringComparison.Ordinal);

    private static (Inputs Image, Inputs Mask) Drawn(int count, int side, string purpose = "image")
    {
        var random = new CounterRandom(1, purpose);
        var (image, mask) = (Inputs.Zeros(count, 3, side, side), Inputs.Zeros(count, 1, side, side));
        for (var i = 0; i < image.Values.Length; i++) image.Values[i] = (float)random.NextDouble(-1, 1);
        // The last image has no object.
        for (var i = 0; i < count - 1; i++)
            for (var p = 0; p < side * side; p++) mask.Row(i)[p] = p % side > side / 4 && p / side < side / 2 ? 1 : 0;
        return (image, mask);
    }

    private static float[] Run(OnnxSession session, Inputs image, Inputs mask) =>
        session.Run(new Dictionary<string, Inputs> { ["image"] = image, ["mask"] = mask }, "harmonized")[0].Values;

    private static float[] Values(Tensor tensor) => tensor.contiguous().data<float>().ToArray();
}
