using FreeMask.Onnx;
using FreeMask.Training.Mini.Networks;

namespace FreeMask.Training.Mini.Export;

/// <summary>
/// The U-Net as ONNX under diffusers' node names: <c>sample</c> [batch, 4, height, width], <c>timestep</c> int64 [batch],
/// <c>encoder_hidden_states</c> [batch, sequence, 128] to <c>out_sample</c> (v).
/// </summary>
internal static class UNetExport
{
    internal static OnnxGraphBuilder Build(UNet net, WeightStorage storage)
    {
        var layers = new OnnxLayerWriter(new OnnxGraphBuilder(), storage);
        var graph = layers.Builder;
        graph.Input("sample", OnnxGraphBuilder.Float, "batch", AutoEncoder.LatentChannels, "height", "width");
        graph.Input("timestep", OnnxGraphBuilder.Int64, "batch");
        graph.Input("encoder_hidden_states", OnnxGraphBuilder.Float, "batch", "sequence", TextEncoder.Width);
        var time = layers.Silu(layers.Within("time_embedding", () => Time(layers, net.Time)));
        string Transformer(SpatialTransformer transformer, string x) => UNetExport.Transformer(layers, transformer, x);

        var h = layers.Convolution("conv_in", net.ConvIn, "sample");
        h = layers.Residual(net.Down0, "down_blocks.0/resnets.0", h, time);
        var skipFine = h = Transformer(net.Attention0, h);
        h = layers.Within("down_blocks.0/downsamplers.0", () => layers.Convolution("conv", net.Downsample, skipFine));
        h = layers.Residual(net.Down1A, "down_blocks.1/resnets.0", h, time);
        h = layers.Residual(net.Down1B, "down_blocks.1/resnets.1", h, time);
        var skipCoarse = h = Transformer(net.Attention1, h);
        h = layers.Residual(net.MidA, "mid_block/resnets.0", h, time);
        h = Transformer(net.AttentionMid, h);
        h = layers.Residual(net.MidB, "mid_block/resnets.1", h, time);
        h = layers.Residual(net.Up0, "up_blocks.0/resnets.0", layers.Concat(h, skipCoarse), time);
        var coarse = Transformer(net.AttentionUp0, h);
        h = layers.Within("up_blocks.0/upsamplers.0", () => layers.Convolution("conv", net.Upsample, layers.Double(coarse)));
        h = layers.Residual(net.Up1A, "up_blocks.1/resnets.0", layers.Concat(h, skipFine), time);
        h = Transformer(net.AttentionUp1, h);
        h = layers.Residual(net.Up1B, "up_blocks.1/resnets.1", h, time);
        h = layers.Convolution("conv_out", net.ConvOut, layers.Silu(layers.GroupNorm("conv_norm_out", net.NormOut, h)));
        graph.Output("out_sample", h, OnnxGraphBuilder.Float, "batch", AutoEncoder.LatentChannels, "height", "width");
        return graph;
    }

    private static string Time(OnnxLayerWriter layers, TimeEmbedding embedding)
    {
        var graph = layers.Builder;
        var steps = graph.Op("Unsqueeze", [graph.Op("Cast", ["timestep"], ("to", (long)OnnxGraphBuilder.Float)), graph.Int64s(1)]);
        var angles = layers.Multiply(steps, layers.Weight("frequencies", TimeEmbedding.Frequencies(embedding.Width), embedding.Width / 2));
        var sinusoids = layers.Concat(graph.Op("Cos", [angles]), graph.Op("Sin", [angles]));
        return layers.Linear("linear_2", embedding.Linear2, layers.Silu(layers.Linear("linear_1", embedding.Linear1, sinusoids)));
    }

    private static string Transformer(OnnxLayerWriter layers, SpatialTransformer transformer, string x)
    {
        var graph = layers.Builder;
        var width = transformer.Norm.weight!.numel();
        var normal = layers.Within(transformer.Path.TrimStart('/'), () => layers.GroupNorm("norm", transformer.Norm, x));
        return layers.Within(transformer.Path.TrimStart('/'), () =>
        {
            var tokens = graph.Op(
                    "Transpose",
                    [graph.Op("Reshape", [normal, graph.Int64s(0, width, -1)])],
                    ("perm", new long[] { 0, 2, 1 })
                );
            var h = Block(layers, transformer.Block, tokens, width);
            var pixels = graph.Op("Reshape", [graph.Op("Transpose", [h], ("perm", new long[] { 0, 2, 1 })), graph.Op("Shape", [x])]);
            return layers.Add(x, pixels);
        });
    }

    private static string Block(OnnxLayerWriter layers, TransformerBlock block, string x, long width)
    {
        var own = layers.LayerNorm("norm1", block.Norm1, x);
        var h = layers.Add(x, layers.Within("attn1", () => Attention(layers, block.Self, own, own, width)));
        var query = layers.LayerNorm("norm2", block.Norm2, h);
        var afterSelf = h;
        h = layers.Add(afterSelf, layers.Within("attn2", () => Attention(layers, block.Cross, query, "encoder_hidden_states", width)));
        var mlp = layers.Linear(
            "ff.net.2",
            block.Fc2,
            layers.Gelu(layers.Linear("ff.net.0.proj", block.Fc1, layers.LayerNorm("norm3", block.Norm3, h)))
        );
        return layers.Add(h, mlp);
    }

    private static string Attention(OnnxLayerWriter layers, Attention attention, string x, string context, long width) =>
        layers.Linear("to_out.0", attention.Output, layers.Attend(
            layers.Linear("to_q", attention.Query, x),
            layers.Linear("to_k", attention.Key, context),
            layers.Linear("to_v", attention.Value, context),
            attention.Heads,
            width));
}
