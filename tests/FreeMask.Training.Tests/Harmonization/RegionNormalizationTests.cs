using FreeMask.Tensors;
using FreeMask.Training.Harmonization;
using FreeMask.Training.Torch;
using FreeMask.Vision.Tests;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Harmonization;

/// <summary>Against values that PyTorch computed with the arithmetic of the public RainNet (the folder composition of the golden data).
/// The second image of them has no object.</summary>
public sealed class RegionNormalizationTests
{
    [Fact]
    public void Output_and_gradients_are_those_of_the_reference()
    {
        using var scope = NewDisposeScope();
        var golden = Golden.Tensors("composition", "golden.safetensors");
        using var layer = new RegionNormalization(golden["rain.x"].Shape[1]);
        foreach (var (name, parameter) in layer.named_parameters()) ModuleState.Assign(parameter, golden["rain." + name]);
        var values = Tensor(golden["rain.x"]).requires_grad_();
        var mask = Tensor(golden["rain.mask"]);
        var stride = mask.shape[2] / values.shape[2];
        var output = layer.forward((values, mask.slice(2, 0, mask.shape[2], stride).slice(3, 0, mask.shape[3], stride)));
        Near(golden["rain.output"], output);
        output.backward([Tensor(golden["rain.output_gradient"])]);
        Near(golden["rain.x_gradient"], values.grad!);
        Assert.Equal(4, layer.named_parameters().Count());
        foreach (var (name, parameter) in layer.named_parameters()) Near(golden[$"rain.{name}_gradient"], parameter.grad!);
    }

    private static Tensor Tensor(NamedTensor golden) => tensor(golden.ToSingles(), [.. golden.Shape]);

    private static void Near(NamedTensor golden, Tensor actual)
    {
        var expected = golden.ToSingles();
        Golden.Near(expected, actual.detach().contiguous().data<float>().ToArray(), 2e-5 * Math.Max(1, expected.Max(MathF.Abs)));
    }
}
