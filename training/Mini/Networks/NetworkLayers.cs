using FreeMask.Training.Torch;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Mini.Networks;

/// <summary>Small pieces that the mini bundle's networks share.</summary>
internal static class NetworkLayers
{
    internal const int Groups = 8;
    internal const double Epsilon = 1e-5;

    /// <summary>A group norm that starts as the identity's scale: TorchSharp 0.107 leaves its parameters uninitialized.</summary>
    internal static GroupNorm Norm(int channels)
    {
        var norm = GroupNorm(Groups, channels, Epsilon);
        init.ones_(norm.weight!);
        init.zeros_(norm.bias!);
        return norm;
    }

    internal static Conv2d Conv(int input, int output, int kernel = 3, int stride = 1, int padding = 1) =>
        Conv2d(input, output, kernel, stride, padding);

    /// <summary>A layer that starts at zero, so that its residual branch starts silent.</summary>
    internal static Conv2d Zero(this Conv2d layer)
    {
        init.zeros_(layer.weight!);
        init.zeros_(layer.bias!);
        return layer;
    }

    /// <summary>A layer whose residual branch starts quiet.</summary>
    internal static Linear Quiet(this Linear layer)
    {
        using var _ = no_grad();
        layer.weight!.mul_(PinnedScalar.Of(0.2));
        layer.bias?.zero_();
        return layer;
    }

    internal static Tensor Double(Tensor x) => functional.interpolate(x, scale_factor: [2, 2], mode: InterpolationMode.Nearest);

    /// <summary>
    /// The same values with channels innermost in memory. The CPU's convolutions are faster so for large maps, and they are right: in the
    /// other layout libtorch 2.10 computes some with few channels wrongly (24 to 24 channels forward, the input gradient of 64 to 4).
    /// </summary>
    internal static Tensor ChannelsLast(this Tensor x) => x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
}

/// <summary>norm, SiLU, conv, norm, SiLU, conv and a skip; with a time embedding added between where the network has one.</summary>
internal sealed class ResidualBlock : Module
{
    internal GroupNorm Norm1 { get; }

    internal Conv2d Conv1 { get; }

    internal Linear? TimeProjection { get; }

    internal GroupNorm Norm2 { get; }

    internal Conv2d Conv2 { get; }

    internal Conv2d? Shortcut { get; }

    internal ResidualBlock(int input, int output, int timeWidth = 0) : base(nameof(ResidualBlock))
    {
        register_module("norm1", Norm1 = NetworkLayers.Norm(input));
        register_module("conv1", Conv1 = NetworkLayers.Conv(input, output));
        if (timeWidth > 0) register_module("time_emb_proj", TimeProjection = Linear(timeWidth, output));
        register_module("norm2", Norm2 = NetworkLayers.Norm(output));
        register_module("conv2", Conv2 = NetworkLayers.Conv(output, output).Zero());
        if (input != output) register_module("conv_shortcut", Shortcut = NetworkLayers.Conv(input, output, 1, 1, 0));
    }

    /// <param name="x">[batch, input, h, w].</param>
    /// <param name="time">SiLU of the time embedding, [batch, timeWidth].</param>
    internal Tensor Forward(Tensor x, Tensor? time = null)
    {
        var h = Conv1.call(functional.silu(Norm1.call(x)));
        if (TimeProjection is not null) h = h.SafeAdd(TimeProjection.call(time!).unsqueeze(-1).unsqueeze(-1));
        h = Conv2.call(functional.silu(Norm2.call(h)));
        return h.SafeAdd(Shortcut is null ? x : Shortcut.call(x));
    }
}
