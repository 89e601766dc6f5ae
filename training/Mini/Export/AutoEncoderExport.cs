using FreeMask.Onnx;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Torch;

namespace FreeMask.Training.Mini.Export;

/// <summary>
/// Encoder and decoder as ONNX. The per-channel normalization of the latents is folded into the layers next to the latents, so that
/// latents have mean 0 and deviation 1 and the bundle's scaling_factor is 1.
/// </summary>
internal static class AutoEncoderExport
{
    /// <summary><c>sample</c> [batch, 3, height, width] in [-1, 1] to <c>latent_sample</c>, the normalized posterior mean.</summary>
    internal static OnnxGraphBuilder BuildEncoder(
        AutoEncoder network, ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation, WeightStorage storage)
    {
        var net = network.Encoder;
        var layers = new OnnxLayerWriter(new OnnxGraphBuilder(), storage);
        layers.Builder.Input("sample", OnnxGraphBuilder.Float, "batch", 3, "height", "width");
        layers.Builder.Scope = "/encoder";
        var h = layers.Silu(layers.Convolution("conv_in", net.Stem, "sample"));
        h = layers.Residual(net.Res1, "res_1", layers.Convolution("down_1", net.Down1, h));
        h = layers.Residual(net.Res2, "res_2", layers.Convolution("down_2", net.Down2, h));
        h = layers.Residual(net.Res3, "res_3", h);
        h = layers.Silu(layers.GroupNorm("conv_norm_out", net.NormOut, h));

        var (weight, bias) = (TorchOnnxWriter.Values(net.ConvOut.weight!), TorchOnnxWriter.Values(net.ConvOut.bias!));
        var width = (int)net.ConvOut.weight!.shape[1];
        var (meanWeight, meanBias) = (weight[..(AutoEncoder.LatentChannels * width)], bias[..AutoEncoder.LatentChannels]);
        for (var channel = 0; channel < AutoEncoder.LatentChannels; channel++)
        {
            meanBias[channel] = (meanBias[channel] - mean[channel]) / deviation[channel];
            foreach (ref var value in meanWeight.AsSpan(channel * width, width)) value /= deviation[channel];
        }

        h = layers.Convolution("conv_out", meanWeight, [AutoEncoder.LatentChannels, width, 1, 1], meanBias, h, stride: 1, padding: 0);
        layers.Builder.Output(
            "latent_sample",
            h,
            OnnxGraphBuilder.Float,
            "batch",
            AutoEncoder.LatentChannels,
            "latent_height",
            "latent_width"
        );
        return layers.Builder;
    }

    /// <summary>Normalized <c>latent_sample</c> to <c>sample</c> [batch, 3, height, width], not clamped.</summary>
    internal static OnnxGraphBuilder BuildDecoder(
        AutoEncoder network, ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation, WeightStorage storage)
    {
        var net = network.Decoder;
        var layers = new OnnxLayerWriter(new OnnxGraphBuilder(), storage);
        layers.Builder.Input("latent_sample", OnnxGraphBuilder.Float, "batch", AutoEncoder.LatentChannels, "latent_height", "latent_width");
        layers.Builder.Scope = "/decoder";

        // Zero padding happens after de-normalization in training, so the mean must be added before the convolution; the scale can be
        // folded.
        var raw = layers.Add(
            layers.Multiply("latent_sample", layers.Weight("latent_deviation", deviation, 1, AutoEncoder.LatentChannels, 1, 1)),
            layers.Weight("latent_mean", mean, 1, AutoEncoder.LatentChannels, 1, 1));
        var h = layers.Convolution("conv_in", net.ConvIn, raw);
        h = layers.Residual(net.Res2, "res_2", layers.Residual(net.Res1, "res_1", h));
        h = layers.Residual(net.Res3, "res_3", layers.Convolution("up_1", net.Up1, layers.Double(h)));
        h = layers.Residual(net.Res4, "res_4", layers.Convolution("up_2", net.Up2, layers.Double(h)));
        h = layers.Convolution("conv_out", net.ConvOut, layers.Silu(layers.GroupNorm("conv_norm_out", net.NormOut, h)));
        h = layers.Builder.Op("DepthToSpace", [h], ("blocksize", 2L), ("mode", "CRD"));
        layers.Builder.Output("sample", h, OnnxGraphBuilder.Float, "batch", 3, "height", "width");
        return layers.Builder;
    }
}
