using FreeMask.Onnx;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Mini.Text;

namespace FreeMask.Training.Mini.Export;

/// <summary>The text encoder as ONNX: <c>input_ids</c> int64 [batch, sequence] to <c>last_hidden_state</c> [batch, sequence, 128], sequence
/// up to 16.</summary>
internal static class TextEncoderExport
{
    private const float Forbidden = -10_000;

    internal static OnnxGraphBuilder Build(TextEncoder encoder, WeightStorage storage)
    {
        var layers = new OnnxLayerWriter(new OnnxGraphBuilder(), storage);
        var graph = layers.Builder;
        graph.Input("input_ids", OnnxGraphBuilder.Int64, "batch", "sequence");
        var length = graph.Op("Slice", [graph.Op("Shape", ["input_ids"]), graph.Int64s(1), graph.Int64s(2)]);
        string FirstRows(string table) => graph.Op("Slice", [table, graph.Int64s(0), length, graph.Int64s(0)]);
        var words = graph.Op("Gather", [layers.Weight("token_embedding.weight", encoder.TokenEmbedding.weight!), "input_ids"]);
        var h = layers.Add(words, FirstRows(layers.Weight("position_embedding.weight", encoder.PositionEmbedding.weight!)));
        var causal = graph.Op(
            "Slice",
            [
                FirstRows(layers.Weight("causal_mask", CausalMask(), MiniVocabulary.Length, MiniVocabulary.Length)),
                graph.Int64s(0),
                length,
                graph.Int64s(1),
            ]
        );
        for (var i = 0; i < encoder.Blocks.Length; i++)
        {
            var (block, x) = (encoder.Blocks[i], h);
            h = layers.Within($"text_model/encoder/layers.{i}", () => Block(layers, block, x, causal));
        }

        h = layers.LayerNorm("final_layer_norm", encoder.FinalNorm, h);
        var isText = graph.Op("Not", [graph.Op("Equal", ["input_ids", graph.Int64Scalar(encoder.EndToken)])]);
        var keep = graph.Op("Unsqueeze", [graph.Op("Cast", [isText], ("to", (long)OnnxGraphBuilder.Float)), graph.Int64s(2)]);
        graph.Output("last_hidden_state", layers.Multiply(h, keep), OnnxGraphBuilder.Float, "batch", "sequence", TextEncoder.Width);
        return graph;
    }

    private static string Block(OnnxLayerWriter layers, TextBlock block, string x, string causal)
    {
        var normal = layers.LayerNorm("layer_norm1", block.Norm1, x);
        var attended = layers.Within("self_attn", () => layers.Linear("out_proj", block.Output, layers.Attend(
            layers.Linear("q_proj", block.Query, normal),
            layers.Linear("k_proj", block.Key, normal),
            layers.Linear("v_proj", block.Value, normal),
            TextEncoder.Heads,
            TextEncoder.Width,
            causal)));
        var h = layers.Add(x, attended);
        var mlp = layers.Linear(
            "fc2",
            block.Fc2,
            layers.Gelu(layers.Linear("fc1", block.Fc1, layers.LayerNorm("layer_norm2", block.Norm2, h)))
        );
        return layers.Add(h, mlp);
    }

    private static float[] CausalMask()
    {
        var mask = new float[MiniVocabulary.Length * MiniVocabulary.Length];
        for (var row = 0; row < MiniVocabulary.Length; row++)
            mask.AsSpan((row * MiniVocabulary.Length) + row + 1, MiniVocabulary.Length - row - 1).Fill(Forbidden);
        return mask;
    }
}
