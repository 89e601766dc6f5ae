using FreeMask.Tensors;
using FreeMask.Training.Torch;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Torch;

public sealed class FlatAdamWTests
{
    [Fact]
    public void Steps_equal_the_library_optimizer()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (Start(3), Start(5));
        var (c, d) = (Start(3), Start(5));
        using var reference = optim.AdamW(
            [new AdamW.ParamGroup([c], lr: 0.1, weight_decay: 0.05), new AdamW.ParamGroup([d], lr: 0.03, weight_decay: 0)]);
        using (var own = new FlatAdamW([new("a", a, 1, 0.05), new("b", b, 0.3, 0)]))
        {
            for (var i = 0; i < 4; i++)
            {
                own.ZeroGradients();
                Loss(a, b).backward();
                own.Step(0.1);
                reference.zero_grad();
                Loss(c, d).backward();
                reference.step();
            }
        }

        Assert.True(a.allclose(c, 1e-5, 1e-6));
        Assert.True(b.allclose(d, 1e-5, 1e-6));
    }

    [Fact]
    public void Restored_state_continues_exactly()
    {
        using var scope = NewDisposeScope();
        var straight = Start(4);
        using (var optimizer = new FlatAdamW([new("p", straight, 1, 0.1)])) Run(optimizer, straight, 6);

        var first = Start(4);
        using var before = new FlatAdamW([new("p", first, 1, 0.1)]);
        Run(before, first, 3);
        var second = new Parameter(first.detach().clone());
        using var after = new FlatAdamW([new("p", second, 1, 0.1)]);
        after.Import(new SafetensorsFile(before.Export()));
        Run(after, second, 3);

        Assert.Equal(straight.data<float>().ToArray(), second.data<float>().ToArray());
    }

    [Fact]
    public void Clipping_scales_to_the_common_norm()
    {
        using var scope = NewDisposeScope();
        var p = Start(4);
        using var optimizer = new FlatAdamW([new("p", p, 1, 0)]);
        (p * PinnedScalar.Of(3)).sum().backward();
        Assert.Equal(6, optimizer.ClipGradients(0.5), 5);
        Assert.Equal(0.5, p.grad!.norm().item<float>(), 4);
    }

    private static void Run(FlatAdamW optimizer, Tensor p, int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            optimizer.ZeroGradients();
            Loss(p, p).backward();
            optimizer.Step(0.05);
        }
    }

    private static Parameter Start(int size) => new(linspace(-1, 2, size));

    private static Tensor Loss(Tensor a, Tensor b) =>
        a.SafeSquare().sum().SafeAdd((b * PinnedScalar.Of(2) - PinnedScalar.Of(1)).abs().sum());
}
