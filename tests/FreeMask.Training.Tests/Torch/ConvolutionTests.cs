using FreeMask.Training.Torch;
using Xunit;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Tests.Torch;

public sealed class ConvolutionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_kernel_of_one_pixel_equals_the_sum_over_channels(long stride)
    {
        using var scope = NewDisposeScope();
        var convolution = Drawn(6, 5, stride);
        var input = randn([2, 6, 7, 4], generator: Generator(1)).requires_grad_();
        var output = convolution.forward(input);
        var chosen = input.slice(2, 0, 7, stride).slice(3, 0, 4, stride);
        var expected = einsum("nchw,oc->nohw", chosen, convolution.Weight.squeeze(3).squeeze(2))
            .SafeAdd(convolution.Bias!.view(1, 5, 1, 1));
        Assert.Equal(expected.shape, output.shape);
        Assert.InRange((expected - output).abs().max().item<float>(), 0, 1e-5f);

        output.SafeSquare().sum().backward();
        var own = (Input: input.grad!.clone(), Weight: convolution.Weight.grad!.clone());
        input.grad.zero_();
        convolution.Weight.grad.zero_();
        expected.SafeSquare().sum().backward();
        Assert.InRange((own.Input - input.grad).abs().max().item<float>(), 0, 1e-4f);
        Assert.InRange((own.Weight - convolution.Weight.grad).abs().max().item<float>(), 0, 1e-4f);
    }

    /// <summary>Of these sizes oneDNN ends the process where the machine does not tell the sizes of its caches.</summary>
    [Theory]
    [InlineData(1024, 512, 1)]
    [InlineData(1024, 2048, 2)]
    [InlineData(2048, 512, 1)]
    public void Channels_of_a_large_ResNet_pass(long inputs, long outputs, long stride)
    {
        using var scope = NewDisposeScope();
        var output = Drawn(inputs, outputs, stride).forward(randn([1, inputs, 4, 4], generator: Generator(2)));
        Assert.Equal([1, outputs, 4 / stride, 4 / stride], output.shape);
    }

    private static Convolution Drawn(long inputs, long outputs, long stride)
    {
        var convolution = new Convolution(inputs, outputs, 1, stride);
        init.normal_(convolution.Weight);
        init.normal_(convolution.Bias!);
        return convolution;
    }

    private static Generator Generator(ulong seed) => new(seed);
}
