using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Mini.Networks;

/// <summary>128x128x3 in [-1, 1] to a Gaussian over 16x16x4 and back; parameter names follow diffusers' AutoencoderKL where the layers
/// match.</summary>
internal sealed class AutoEncoder : Module
{
    internal const int LatentChannels = 4, Reduction = 8;

    internal AutoEncoder(int width1 = 32, int width2 = 64, int width3 = 96) : base(nameof(AutoEncoder))
    {
        register_module("encoder", Encoder = new LatentEncoder(width1, width2, width3));
        register_module("decoder", Decoder = new LatentDecoder(width1, width2, width3));
    }

    internal LatentEncoder Encoder { get; }

    internal LatentDecoder Decoder { get; }

    /// <summary>The mean of the posterior, [batch, 4, h/8, w/8].</summary>
    internal Tensor Encode(Tensor image) => Encoder.Forward(image.ChannelsLast()).narrow(1, 0, LatentChannels);

    /// <summary>The image of a latent, [batch, 3, h, w], not clamped.</summary>
    internal Tensor Decode(Tensor latent) => Decoder.Forward(latent.ChannelsLast());
}

/// <summary>Image to mean and log variance.</summary>
internal sealed class LatentEncoder : Module
{
    internal Conv2d Stem { get; }

    internal Conv2d Down1 { get; }

    internal ResidualBlock Res1 { get; }

    internal Conv2d Down2 { get; }

    internal ResidualBlock Res2 { get; }

    internal ResidualBlock Res3 { get; }

    internal GroupNorm NormOut { get; }

    internal Conv2d ConvOut { get; }

    internal LatentEncoder(int width1, int width2, int width3) : base(nameof(LatentEncoder))
    {
        register_module("conv_in", Stem = NetworkLayers.Conv(3, width1, kernel: 4, stride: 2));
        register_module("down_1", Down1 = NetworkLayers.Conv(width1, width2, stride: 2));
        register_module("res_1", Res1 = new ResidualBlock(width2, width2));
        register_module("down_2", Down2 = NetworkLayers.Conv(width2, width3, stride: 2));
        register_module("res_2", Res2 = new ResidualBlock(width3, width3));
        register_module("res_3", Res3 = new ResidualBlock(width3, width3));
        register_module("conv_norm_out", NormOut = NetworkLayers.Norm(width3));
        register_module("conv_out", ConvOut = NetworkLayers.Conv(width3, 2 * AutoEncoder.LatentChannels, 1, 1, 0));
    }

    internal Tensor Forward(Tensor image)
    {
        var h = Res1.Forward(Down1.call(functional.silu(Stem.call(image))));
        h = Res3.Forward(Res2.Forward(Down2.call(h)));
        return ConvOut.call(functional.silu(NormOut.call(h)));
    }
}

/// <summary>Latent to image; the last doubling is a pixel shuffle.</summary>
internal sealed class LatentDecoder : Module
{
    internal Conv2d ConvIn { get; }

    internal ResidualBlock Res1 { get; }

    internal ResidualBlock Res2 { get; }

    internal Conv2d Up1 { get; }

    internal ResidualBlock Res3 { get; }

    internal Conv2d Up2 { get; }

    internal ResidualBlock Res4 { get; }

    internal GroupNorm NormOut { get; }

    internal Conv2d ConvOut { get; }

    internal LatentDecoder(int width1, int width2, int width3) : base(nameof(LatentDecoder))
    {
        register_module("conv_in", ConvIn = NetworkLayers.Conv(AutoEncoder.LatentChannels, width3));
        register_module("res_1", Res1 = new ResidualBlock(width3, width3));
        register_module("res_2", Res2 = new ResidualBlock(width3, width3));
        register_module("up_1", Up1 = NetworkLayers.Conv(width3, width2));
        register_module("res_3", Res3 = new ResidualBlock(width2, width2));
        register_module("up_2", Up2 = NetworkLayers.Conv(width2, width1));
        register_module("res_4", Res4 = new ResidualBlock(width1, width1));
        register_module("conv_norm_out", NormOut = NetworkLayers.Norm(width1));
        register_module("conv_out", ConvOut = NetworkLayers.Conv(width1, 12));
    }

    internal Tensor Forward(Tensor latent)
    {
        var h = Res2.Forward(Res1.Forward(ConvIn.call(latent)));
        h = Res3.Forward(Up1.call(NetworkLayers.Double(h)));
        h = Res4.Forward(Up2.call(NetworkLayers.Double(h)));
        return functional.pixel_shuffle(ConvOut.call(functional.silu(NormOut.call(h))), 2);
    }
}
