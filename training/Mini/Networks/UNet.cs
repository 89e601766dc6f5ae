using FreeMask.Training.Mini.Text;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Mini.Networks;

/// <summary>
/// A small UNet2DConditionModel: two resolutions, attention (self and cross) at both, five transformer blocks. Predicts v for latents
/// [batch, 4, h, w], h and w even.
/// </summary>
internal sealed class UNet : Module
{
    internal const int Heads = 4;

    internal UNet(int fine, int coarse) : base(nameof(UNet))
    {
        Fine = fine;
        var time = 4 * fine;
        register_module("time_embedding", Time = new TimeEmbedding(fine, time));
        register_module("conv_in", ConvIn = NetworkLayers.Conv(AutoEncoder.LatentChannels, fine));
        register_module("down_0_res", Down0 = new ResidualBlock(fine, fine, time));
        register_module("down_0_attn", Attention0 = Transformer("down_blocks.0", fine));
        register_module("down_0_sample", Downsample = NetworkLayers.Conv(fine, coarse, stride: 2));
        register_module("down_1_res_0", Down1A = new ResidualBlock(coarse, coarse, time));
        register_module("down_1_res_1", Down1B = new ResidualBlock(coarse, coarse, time));
        register_module("down_1_attn", Attention1 = Transformer("down_blocks.1", coarse));
        register_module("mid_res_0", MidA = new ResidualBlock(coarse, coarse, time));
        register_module("mid_attn", AttentionMid = Transformer("mid_block", coarse));
        register_module("mid_res_1", MidB = new ResidualBlock(coarse, coarse, time));
        register_module("up_0_res", Up0 = new ResidualBlock(2 * coarse, coarse, time));
        register_module("up_0_attn", AttentionUp0 = Transformer("up_blocks.0", coarse));
        register_module("up_0_sample", Upsample = NetworkLayers.Conv(coarse, fine));
        register_module("up_1_res_0", Up1A = new ResidualBlock(2 * fine, fine, time));
        register_module("up_1_attn", AttentionUp1 = Transformer("up_blocks.1", fine));
        register_module("up_1_res_1", Up1B = new ResidualBlock(fine, fine, time));
        register_module("conv_norm_out", NormOut = NetworkLayers.Norm(fine));
        register_module("conv_out", ConvOut = NetworkLayers.Conv(fine, AutoEncoder.LatentChannels).Zero());
    }

    internal int Fine { get; }

    internal TimeEmbedding Time { get; }

    internal Conv2d ConvIn { get; }

    internal ResidualBlock Down0 { get; }

    internal SpatialTransformer Attention0 { get; }

    internal Conv2d Downsample { get; }

    internal ResidualBlock Down1A { get; }

    internal ResidualBlock Down1B { get; }

    internal SpatialTransformer Attention1 { get; }

    internal ResidualBlock MidA { get; }

    internal SpatialTransformer AttentionMid { get; }

    internal ResidualBlock MidB { get; }

    internal ResidualBlock Up0 { get; }

    internal SpatialTransformer AttentionUp0 { get; }

    internal Conv2d Upsample { get; }

    internal ResidualBlock Up1A { get; }

    internal SpatialTransformer AttentionUp1 { get; }

    internal ResidualBlock Up1B { get; }

    internal GroupNorm NormOut { get; }

    internal Conv2d ConvOut { get; }

    /// <param name="sample">Noisy latents, [batch, 4, h, w].</param>
    /// <param name="timesteps">[batch], 0 to 999.</param>
    /// <param name="context">The text encoder's output, [batch, sequence, 128].</param>
    /// <param name="record">Takes the attention maps where somebody asks for them.</param>
    internal Tensor Forward(Tensor sample, Tensor timesteps, Tensor context, AttentionStore? record = null)
    {
        var time = functional.silu(Time.Forward(timesteps));
        var h = Attention0.Forward(Down0.Forward(ConvIn.call(sample), time), context, record);
        var skipFine = h;
        h = Down1B.Forward(Down1A.Forward(Downsample.call(h), time), time);
        h = Attention1.Forward(h, context, record);
        var skipCoarse = h;
        h = MidB.Forward(AttentionMid.Forward(MidA.Forward(h, time), context, record), time);
        h = AttentionUp0.Forward(Up0.Forward(cat([h, skipCoarse], 1), time), context, record);
        h = Upsample.call(NetworkLayers.Double(h));
        h = AttentionUp1.Forward(Up1A.Forward(cat([h, skipFine], 1), time), context, record);
        h = Up1B.Forward(h, time);
        return ConvOut.call(functional.silu(NormOut.call(h)).ChannelsLast());
    }

    private static SpatialTransformer Transformer(string block, int width) =>
        new($"/{block}/attentions.0/transformer_blocks.0", width, TextEncoder.Width, Heads);
}

/// <summary>Sinusoids of the timestep (cosines first, as SD's <c>flip_sin_to_cos</c>) through a two-layer MLP.</summary>
internal sealed class TimeEmbedding : Module
{
    private const double LongestPeriod = 10_000;

    internal int Width { get; }

    internal Linear Linear1 { get; }

    internal Linear Linear2 { get; }

    internal TimeEmbedding(int width, int output) : base(nameof(TimeEmbedding))
    {
        Width = width;
        register_module("linear_1", Linear1 = Linear(width, output));
        register_module("linear_2", Linear2 = Linear(output, output));
    }

    internal Tensor Forward(Tensor timesteps)
    {
        var angles = timesteps.to(ScalarType.Float32).unsqueeze(1) * tensor(Frequencies(Width));
        var sinusoids = cat([angles.cos(), angles.sin()], 1).to(Linear1.weight!.dtype);
        return Linear2.call(functional.silu(Linear1.call(sinusoids)));
    }

    /// <summary>width / 2 angular frequencies, from 1 down to almost 1 / 10,000.</summary>
    internal static float[] Frequencies(int width) =>
        [.. Enumerable.Range(0, width / 2).Select(i => (float)Math.Exp(-Math.Log(LongestPeriod) * i / (width / 2)))];
}

/// <summary>Text encoder and U-Net, which are trained together.</summary>
internal sealed class DiffusionNetwork : Module
{
    internal DiffusionNetwork(MiniVocabulary vocabulary, int fine, int coarse) : base(nameof(DiffusionNetwork))
    {
        register_module("text_encoder", Text = new TextEncoder(vocabulary.Count, vocabulary.End));
        register_module("unet", UNet = new UNet(fine, coarse));
    }

    internal TextEncoder Text { get; }

    internal UNet UNet { get; }
}
