using FreeMask.Training.Torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>Writes <see cref="MaskedDecoder"/> as ONNX nodes. Only the last prediction's classes are written; masks steer every layer.</summary>
internal sealed class MaskedDecoderOnnx(OnnxLayers layers, MaskedDecoder decoder, LinearLayer classPredictor)
{
    private readonly int _width = decoder.Config.HiddenSize;

    /// <summary>Writes the decoder.</summary>
    /// <returns>Class logits [b, q, classes + 1] and mask logits [b, q, h, w] at the size of the mask features.</returns>
    internal (string Classes, string Masks) Write(OnnxPixelFeatures pixels)
    {
        var values = pixels.Scales.Select(Value).ToArray();
        var keys = values.Select((value, i) => layers.Add(value, Positions(i, pixels.Sizes[i]))).ToArray();
        var positions = layers.Constant("queries_embedder", decoder.QueryPositions);
        var x = layers.Constant("queries_features", OnnxLayers.Values(decoder.QueryFeatures), 1, decoder.Config.Queries, _width);
        for (var i = 0; i < decoder.Layers.Count; i++)
        {
            var (layer, level, input) = (decoder.Layers[i], i % DeformableAttention.Levels, x);
            var hidden = Hidden(Masks(Normal(x), pixels), pixels.Sizes[level]);
            x = layers.Within($"layers.{i}", () => Layer(layer, input, positions, keys[level], values[level], hidden));
        }

        var state = Normal(x);
        return (layers.Linear(state, classPredictor, "class_predictor"), Masks(state, pixels));
    }

    private string Value(string tokens, int level)
    {
        if (decoder.InputProjections?[level] is { } projection)
            tokens = layers.Linear(tokens, OnnxLayers.Values(projection.Weight), OnnxLayers.Values(projection.Bias!), $"input_projections.{level}");
        var embedding = OnnxLayers.Values(decoder.LevelEmbedding).AsSpan(level * _width, _width).ToArray();
        return layers.Add(tokens, layers.Constant($"level_embed.{level}", embedding, _width));
    }

    private string Positions(int level, MapSize size) =>
        layers.Constant($"positions.{level}", SinePositions.Make(_width, (int)size.Height, (int)size.Width), size.Area, _width);

    private string Normal(string x) => layers.LayerNorm(x, decoder.Norm, "layernorm");

    private string Masks(string state, OnnxPixelFeatures pixels)
    {
        var embedding = state;
        for (var i = 0; i < decoder.MaskEmbedder.Count; i++)
        {
            if (i > 0) embedding = layers.Relu(embedding);
            embedding = layers.Linear(embedding, decoder.MaskEmbedder[i], $"mask_embedder.{i}");
        }

        var masks = layers.MatMul(embedding, pixels.MaskFeatures);
        return layers.Reshape(masks, 0, decoder.Config.Queries, pixels.MaskSize.Height, pixels.MaskSize.Width);
    }

    /// <summary>True where a query may not look, [b, 1, q, h w]; a query whose mask is empty at that size may look everywhere.</summary>
    private string Hidden(string masks, MapSize size)
    {
        var graph = layers.Graph;
        var coarse = layers.Reshape(layers.Resize(masks, size), 0, 1, decoder.Config.Queries, size.Area);
        var zero = graph.Scalar(0);
        var empty = graph.Op("Less", [graph.Op("ReduceMax", [coarse, graph.Int64s(-1)], ("keepdims", 1L)), zero]);
        return graph.Op("And", [graph.Op("Less", [coarse, zero]), graph.Op("Not", [empty])]);
    }

    private string Layer(MaskedDecoderLayer layer, string x, string positions, string keys, string values, string hidden)
    {
        var placed = layers.Add(x, positions);
        var cross = layers.Within("cross_attn", () => layers.Linear(
            Attend(layer.Heads, CrossInput(layer, placed, 0), CrossInput(layer, keys, 1), CrossInput(layer, values, 2), hidden), layer.CrossOutput, "out_proj"));
        x = layers.LayerNorm(layers.Add(x, cross), layer.CrossNorm, "cross_attn_layer_norm");

        var (input, again) = (x, layers.Add(x, positions));
        var own = layers.Within("self_attn", () => layers.Linear(
            Attend(
                layer.Heads,
                layers.Linear(again, layer.SelfQuery, "q_proj"),
                layers.Linear(again, layer.SelfKey, "k_proj"),
                layers.Linear(input, layer.SelfValue, "v_proj"),
                null),
            layer.SelfOutput,
            "out_proj"));
        x = layers.LayerNorm(layers.Add(x, own), layer.SelfNorm, "self_attn_layer_norm");
        var expanded = layers.Relu(layers.Linear(x, layer.Expand, "fc1"));
        return layers.LayerNorm(layers.Add(x, layers.Linear(expanded, layer.Reduce, "fc2")), layer.FinalNorm, "final_layer_norm");
    }

    private string CrossInput(MaskedDecoderLayer layer, string x, int part)
    {
        var weight = OnnxLayers.Values(layer.CrossInputWeight).AsSpan(part * _width * _width, _width * _width).ToArray();
        var bias = OnnxLayers.Values(layer.CrossInputBias).AsSpan(part * _width, _width).ToArray();
        return layers.Linear(x, weight, bias, $"in_proj.{part}");
    }

    private string Attend(int heads, string query, string key, string value, string? hidden)
    {
        var graph = layers.Graph;
        var scaled = graph.Op("Mul", [query, graph.Scalar((float)(1 / Math.Sqrt(_width / heads)))]);
        var scores = layers.MatMul(SplitHeads(scaled, heads, 0, 2, 1, 3), SplitHeads(key, heads, 0, 2, 3, 1));
        if (hidden is not null) scores = graph.Op("Where", [hidden, graph.Scalar(float.NegativeInfinity), scores]);
        var mixed = layers.MatMul(layers.Softmax(scores), SplitHeads(value, heads, 0, 2, 1, 3));
        return layers.Reshape(layers.Transpose(mixed, 0, 2, 1, 3), 0, 0, _width);
    }

    private string SplitHeads(string x, int heads, params long[] order) => layers.Transpose(layers.Reshape(x, 0, 0, heads, _width / heads), order);
}
