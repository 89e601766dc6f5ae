namespace FreeMask.Training.Mask2Former;

/// <summary>What the pixel decoder gives, as names in an ONNX graph.</summary>
/// <param name="Scales">Tokens [b, h w, d] at strides 32, 16 and 8.</param>
/// <param name="Sizes">Their maps' sizes.</param>
/// <param name="MaskFeatures">Per-pixel embeddings [b, d, h w] at stride 4.</param>
/// <param name="MaskSize">Their map's size.</param>
internal sealed record OnnxPixelFeatures(IReadOnlyList<string> Scales, IReadOnlyList<MapSize> Sizes, string MaskFeatures, MapSize MaskSize);

/// <summary>Writes <see cref="PixelDecoder"/> as ONNX nodes for maps of fixed size; positions and reference points become constants.</summary>
internal sealed class PixelDecoderOnnx(OnnxLayers layers, PixelDecoder decoder)
{
    private readonly int _channels = decoder.Config.FeatureSize;

    /// <summary>Writes the decoder.</summary>
    /// <param name="maps">Backbone maps at strides 4, 8, 16 and 32.</param>
    /// <param name="sizes">Their sizes.</param>
    internal OnnxPixelFeatures Write(IReadOnlyList<string> maps, IReadOnlyList<MapSize> sizes)
    {
        MapSize[] levels = [sizes[3], sizes[2], sizes[1]];
        var tokens = layers.Concat([.. decoder.Projections.Select((projection, i) =>
            layers.Tokens(Project(maps[3 - i], projection, $"input_projections.{i}", levels[i]), _channels))], 1);
        var positions = Positions(levels);
        var reference = Reference(levels);
        for (var i = 0; i < decoder.Layers.Count; i++)
        {
            var (layer, input) = (decoder.Layers[i], tokens);
            tokens = layers.Within($"encoder.layers.{i}", () => Layer(layer, input, positions, reference, levels));
        }

        var scales = layers.Split(tokens, 1, [.. levels.Select(size => size.Area)]);
        var fine = layers.Add(
            Project(maps[0], decoder.Adapter, "adapter_1", sizes[0]),
            layers.Resize(layers.Map(scales[2], _channels, levels[2]), sizes[0]));
        var smooth = layers.Relu(Project(fine, decoder.Smooth, "layer_1", sizes[0]));
        var masks = layers.Convolution(smooth, decoder.MaskProjection, "mask_projection");
        return new OnnxPixelFeatures(scales, levels, layers.Reshape(masks, 0, decoder.Config.MaskFeatureSize, -1), sizes[0]);
    }

    private string Project(string map, NormalizedConvolution layer, string name, MapSize size) =>
        layers.GroupNorm(layers.Convolution(map, layer.Convolution, name + ".0"), layer.Normalization, name + ".1", size);

    private string Positions(IReadOnlyList<MapSize> levels)
    {
        var embedding = OnnxLayers.Values(decoder.LevelEmbedding);
        var values = levels.SelectMany((size, level) =>
            SinePositions.Make(_channels, (int)size.Height, (int)size.Width).Select((value, i) => value + embedding[(level * _channels) + (i % _channels)]));
        return layers.Constant("positions", [.. values], levels.Sum(size => size.Area), _channels);
    }

    /// <summary>Cell centres [n, 1, 2] in the units of GridSample, -1..1.</summary>
    private string Reference(IReadOnlyList<MapSize> levels)
    {
        var centres = PixelDecoder.CellCentres([.. levels.Select(size => (size.Height, size.Width))]);
        return layers.Constant("reference", [.. centres.Select(value => (value * 2) - 1)], centres.Length / 2, 1, 2);
    }

    private string Layer(PixelDecoderLayer layer, string tokens, string positions, string reference, IReadOnlyList<MapSize> levels)
    {
        var attended = layers.Within("self_attn", () => Attend(layer.Attention, tokens, layers.Add(tokens, positions), reference, levels));
        var x = layers.LayerNorm(layers.Add(tokens, attended), layer.AttentionNorm, "self_attn_layer_norm");
        var hidden = layers.Relu(layers.Linear(x, layer.Expand, "fc1"));
        return layers.LayerNorm(layers.Add(x, layers.Linear(hidden, layer.Reduce, "fc2")), layer.FinalNorm, "final_layer_norm");
    }

    private string Attend(DeformableAttention attention, string tokens, string queries, string reference, IReadOnlyList<MapSize> levels)
    {
        const long Levels = DeformableAttention.Levels, Points = DeformableAttention.Points;
        long heads = attention.Heads, width = _channels / heads, count = levels.Sum(size => size.Area);
        var value = layers.Reshape(layers.Transpose(layers.Linear(tokens, attention.Value, "value_proj"), 0, 2, 1), -1, width, count);
        var maps = layers.Split(value, 2, [.. levels.Select(size => size.Area)]);

        var offsets = layers.Reshape(Offsets(attention, queries, levels), 0, count, heads * Levels * Points, 2);
        var places = layers.Reshape(layers.Add(offsets, reference), 0, count, heads, Levels, Points * 2);
        var grids = layers.Split(layers.Transpose(places, 3, 0, 2, 1, 4), 0, [.. levels.Select(_ => 1L)]);
        var samples = levels.Select((size, level) => layers.Graph.Op("GridSample",
            [layers.Reshape(maps[level], -1, width, size.Height, size.Width), layers.Reshape(grids[level], -1, count, Points, 2)],
            ("mode", "bilinear"), ("padding_mode", "zeros"), ("align_corners", 0L)));

        var shares = layers.Softmax(layers.Reshape(layers.Linear(queries, attention.Weights, "attention_weights"), 0, count, heads, Levels * Points));
        var weights = layers.Reshape(layers.Transpose(shares, 0, 2, 1, 3), -1, 1, count, Levels * Points);
        var weighted = layers.Graph.Op("Mul", [layers.Concat([.. samples], 3), weights]);
        var sum = layers.Graph.Op("ReduceSum", [weighted, layers.Graph.Int64s(3)], ("keepdims", 0L));
        var joined = layers.Transpose(layers.Reshape(sum, -1, _channels, count), 0, 2, 1);
        return layers.Linear(joined, attention.Output, "output_proj");
    }

    /// <summary>Offsets in units of GridSample: pixels of a level times 2 / its sides, which is folded into the weights. Rows lie as [head, level, point, xy].</summary>
    private string Offsets(DeformableAttention attention, string queries, IReadOnlyList<MapSize> levels)
    {
        var (weight, bias) = (OnnxLayers.Values(attention.Offsets.Weight), OnnxLayers.Values(attention.Offsets.Bias));
        for (var row = 0; row < bias.Length; row++)
        {
            var size = levels[row / (DeformableAttention.Points * 2) % DeformableAttention.Levels];
            var factor = 2f / (row % 2 == 0 ? size.Width : size.Height);
            bias[row] *= factor;
            foreach (ref var value in weight.AsSpan(row * _channels, _channels)) value *= factor;
        }

        return layers.Linear(queries, weight, bias, "sampling_offsets");
    }
}
