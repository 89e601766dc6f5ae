using FreeMask.Onnx;
using FreeMask.Training.Torch;
using FreeMask.Vision.Segmentation;
using Google.Protobuf;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// Writes a Mask2Former as ONNX (opset 17): input <c>pixel_values</c> [n, 3, h, w], outputs <c>semantic_scores</c> [n, classes, h, w],
/// <c>class_queries_logits</c> and <c>masks_queries_logits</c>. The batch size is free, the image's size is fixed.
/// </summary>
internal static class Mask2FormerOnnx
{
    internal const string Input = "pixel_values", Scores = "semantic_scores";

    // The stride of the masks, and of the levels in the order of the pixel decoder.
    private const long MaskStride = 4;

    private static readonly long[] Strides = [32, 16, 8];

    /// <summary>Describes the exported model.</summary>
    internal static SegmenterCard Card(Mask2FormerConfig config, int width, int height) =>
        new(
            "mask2former",
            Input,
            width,
            height,
            BlueFirst: false,
            ImageNormalization.ImageNet,
            Scores,
            SegmenterOutput.Scores,
            config.Labels
        );

    /// <summary>The bytes of the ONNX file.</summary>
    /// <exception cref="FreeMaskException">A side is shorter than the coarsest stride.</exception>
    internal static byte[] Export(Mask2FormerModel model, int width, int height)
    {
        if (width < Strides[0] || height < Strides[0])
            throw new FreeMaskException(
                $"A Mask2Former can be exported for sides of {Strides[0]} pixels and more, not for {width}x{height}."
            );
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var graph = new TorchGraphWriter(new OnnxGraphBuilder());
        var builder = graph.Builder;
        var config = model.Config;
        var image = builder.Input(Input, OnnxGraphBuilder.Float, "n", 3, height, width);
        builder.Scope = "/backbone";
        var features = BackboneGraph.Add(graph, model.Backbone, image, width, height);
        builder.Scope = "/pixel_decoder";
        var (tokens, maskFeatures) = Pixels(graph, model.PixelDecoder, features, width, height);
        builder.Scope = "/decoder";
        var (classes, masks) = Decode(graph, model, tokens, maskFeatures, width, height);
        builder.Scope = "/semantic";
        var full = graph.Reshape(
            graph.Sigmoid(graph.Resize(masks, Cells(width, height, MaskStride), (height, width))),
            0,
            config.Queries,
            -1
        );
        var votes = graph.Transpose(graph.Slice(builder.Op("Softmax", [classes], ("axis", -1L)), 2, 0, config.Labels.Count), 0, 2, 1);
        var scores = graph.Reshape(graph.MatMul(votes, full), 0, config.Labels.Count, height, width);
        builder.Output(Scores, scores, OnnxGraphBuilder.Float, "n", config.Labels.Count, height, width);
        builder.Output("class_queries_logits", classes, OnnxGraphBuilder.Float, "n", config.Queries, config.Labels.Count + 1);
        builder.Output(
            "masks_queries_logits",
            masks,
            OnnxGraphBuilder.Float,
            "n",
            config.Queries,
            Cells(width, height, MaskStride).Height,
            Cells(width, height, MaskStride).Width
        );
        return builder.Build().ToByteArray();
    }

    /// <summary>The size of a map; every backbone rounds up.</summary>
    private static (long Height, long Width) Cells(int width, int height, long stride) =>
        ((height + stride - 1) / stride, (width + stride - 1) / stride);

    private static (string[] Levels, string MaskFeatures) Pixels(
        TorchGraphWriter graph, PixelDecoder decoder, string[] features, int width, int height)
    {
        var size = decoder.Config.FeatureSize;
        var levels = Strides.Select(stride => Cells(width, height, stride)).ToArray();
        string Normalize(NormalizedConvolution layer, string x, long h, long w) =>
            graph.GroupNorm(graph.Convolve(x, layer.Convolution.Weight, layer.Convolution.Bias), layer.Normalization, h, w);

        var parts = levels.Select((level, i) => graph.Transpose(
            graph.Reshape(Normalize(decoder.Projections[i], features[3 - i], level.Height, level.Width), 0, size, -1), 0, 2, 1));
        var tokens = graph.Builder.Op("Concat", [.. parts], ("axis", 1L));
        var positions = graph.Constant(
            "positions",
            cat(
                [
                    .. levels.Select(
                        (l, i) => SinePositions.MakeTensor(size, (int)l.Height, (int)l.Width, CPU).SafeAdd(decoder.LevelEmbedding[i])
                    ),
                ],
                0
            )
        );
        var centers = PixelDecoder.CellCenters(levels);
        var reference = graph.Builder.Weight("reference", centers, centers.Length / 2, 1, 1, 1, 2);
        foreach (var layer in decoder.Layers)
        {
            var attention = Deform(graph, layer.Attention, tokens, graph.Add(tokens, positions), reference, levels);
            var x = graph.LayerNorm(graph.Add(tokens, attention), layer.AttentionNorm);
            var inner = graph.Linear(graph.Relu(graph.Linear(x, layer.Expand)), layer.Reduce);
            tokens = graph.LayerNorm(graph.Add(x, inner), layer.FinalNorm);
        }

        var sequences = new string[levels.Length];
        long start = 0;
        for (var i = 0; i < levels.Length; i++)
        {
            var count = levels[i].Height * levels[i].Width;
            sequences[i] = graph.Slice(tokens, 1, start, start + count);
            start += count;
        }

        var quarter = Cells(width, height, MaskStride);
        var coarse = graph.Reshape(graph.Transpose(sequences[^1], 0, 2, 1), 0, size, levels[^1].Height, levels[^1].Width);
        var fine = graph.Add(
            Normalize(decoder.Adapter, features[0], quarter.Height, quarter.Width),
            graph.Resize(coarse, levels[^1], quarter)
        );
        var smooth = graph.Relu(Normalize(decoder.Smooth, fine, quarter.Height, quarter.Width));
        return (sequences, graph.Convolve(smooth, decoder.MaskProjection.Weight, decoder.MaskProjection.Bias));
    }

    private static string Deform(
        TorchGraphWriter graph,
        DeformableAttention layer,
        string tokens,
        string queries,
        string reference,
        (long Height, long Width)[] levels
    )
    {
        const int Levels = DeformableAttention.Levels, Points = DeformableAttention.Points;
        var builder = graph.Builder;
        var channels = layer.Value.Weight.shape[0];
        var (heads, width) = (layer.Heads, channels / layer.Heads);
        var count = levels.Sum(l => l.Height * l.Width);
        var value = graph.Reshape(graph.Linear(tokens, layer.Value), 0, count, heads, width);
        var offsets = graph.Reshape(graph.Linear(queries, layer.Offsets), 0, count, heads, Levels, Points, 2);
        var sizes = builder.Weight("sizes", [.. levels.SelectMany(l => new float[] { l.Width, l.Height })], Levels, 1, 2);
        var places = graph.Add(reference, builder.Op("Div", [offsets, sizes]));
        var grid = builder.Op("Sub", [graph.Multiply(places, builder.Scalar(2)), builder.Scalar(1)]);
        var raw = graph.Reshape(graph.Linear(queries, layer.Weights), 0, count, heads, Levels * Points);
        var share = graph.Reshape(builder.Op("Softmax", [raw], ("axis", -1L)), 0, count, heads, Levels, Points);
        string? sum = null;
        long start = 0;
        for (var level = 0; level < Levels; level++)
        {
            var (h, w) = levels[level];
            var map = graph.Reshape(graph.Transpose(graph.Slice(value, 1, start, start + (h * w)), 0, 2, 3, 1), -1, width, h, w);
            var points = graph.Reshape(graph.Transpose(graph.Select(grid, 3, level), 0, 2, 1, 3, 4), -1, count, Points, 2);
            var weights = graph.Reshape(graph.Transpose(graph.Select(share, 3, level), 0, 2, 1, 3), -1, 1, count, Points);
            var samples = builder.Op(
                "GridSample", [map, points], ("mode", "bilinear"), ("padding_mode", "zeros"), ("align_corners", 0L));
            var part = builder.Op("ReduceSum", [graph.Multiply(samples, weights), builder.Int64s(-1)], ("keepdims", 0L));
            sum = sum is null ? part : graph.Add(sum, part);
            start += h * w;
        }

        return graph.Linear(graph.Transpose(graph.Reshape(sum!, -1, channels, count), 0, 2, 1), layer.Output);
    }

    private static (string Classes, string Masks) Decode(
        TorchGraphWriter graph, Mask2FormerModel model, string[] levels, string maskFeatures, int width, int height)
    {
        var decoder = model.Decoder;
        var config = model.Config;
        var (values, keys) = (new string[levels.Length], new string[levels.Length]);
        for (var i = 0; i < levels.Length; i++)
        {
            var pixels = decoder.InputProjections is null
                ? levels[i]
                : graph.Linear(levels[i], decoder.InputProjections[i].Weight.flatten(1), decoder.InputProjections[i].Bias!);
            values[i] = graph.Add(pixels, graph.Constant("level", decoder.LevelEmbedding[i]));
            var (rows, columns) = Cells(width, height, Strides[i]);
            var positions = SinePositions.MakeTensor(config.HiddenSize, (int)rows, (int)columns, CPU);
            keys[i] = graph.Add(values[i], graph.Constant("positions", positions));
        }

        var flat = graph.Reshape(maskFeatures, 0, config.MaskFeatureSize, -1);
        var (fineHeight, fineWidth) = Cells(width, height, MaskStride);
        string Masks(string normalized)
        {
            var embedding = graph.Relu(graph.Linear(normalized, decoder.MaskEmbedder[0]));
            embedding = graph.Linear(graph.Relu(graph.Linear(embedding, decoder.MaskEmbedder[1])), decoder.MaskEmbedder[2]);
            return graph.Reshape(graph.MatMul(embedding, flat), 0, config.Queries, fineHeight, fineWidth);
        }

        var x = graph.Constant("queries", decoder.QueryFeatures.unsqueeze(0));
        var normalized = graph.LayerNorm(x, decoder.Norm);
        var masks = Masks(normalized);
        var queryPositions = graph.Constant("query_positions", decoder.QueryPositions);
        for (var i = 0; i < decoder.Layers.Count; i++)
        {
            var level = i % levels.Length;
            var hidden = Hidden(graph, graph.Resize(masks, (fineHeight, fineWidth), Cells(width, height, Strides[level])), config.Queries);
            x = Layer(graph, decoder.Layers[i], x, queryPositions, keys[level], values[level], hidden);
            normalized = graph.LayerNorm(x, decoder.Norm);
            masks = Masks(normalized);
        }

        return (graph.Linear(normalized, model.ClassPredictor), masks);
    }

    /// <summary>True where a query may not look, [n, 1, q, pixels]; a row that would hide everything hides nothing.</summary>
    private static string Hidden(TorchGraphWriter graph, string masks, int queries)
    {
        var builder = graph.Builder;
        var rows = graph.Reshape(masks, 0, 1, queries, -1);
        var largest = builder.Op("ReduceMax", [rows], ("axes", new long[] { 3 }), ("keepdims", 1L));
        return builder.Op("And", [
            builder.Op("Less", [rows, builder.Scalar(0)]),
            builder.Op("GreaterOrEqual", [largest, builder.Scalar(0)])]);
    }

    private static string Layer(
        TorchGraphWriter graph, MaskedDecoderLayer layer, string x, string positions, string keys, string values, string hidden)
    {
        var (weight, bias) = (layer.CrossInputWeight.chunk(3, 0), layer.CrossInputBias.chunk(3, 0));
        var cross = Attend(
            graph,
            graph.Linear(graph.Add(x, positions), weight[0], bias[0]),
            graph.Linear(keys, weight[1], bias[1]),
            graph.Linear(values, weight[2], bias[2]),
            layer,
            hidden);
        x = graph.LayerNorm(graph.Add(x, graph.Linear(cross, layer.CrossOutput)), layer.CrossNorm);
        var placed = graph.Add(x, positions);
        var own = Attend(
            graph,
            graph.Linear(placed, layer.SelfQuery),
            graph.Linear(placed, layer.SelfKey),
            graph.Linear(x, layer.SelfValue),
            layer,
            null
        );
        x = graph.LayerNorm(graph.Add(x, graph.Linear(own, layer.SelfOutput)), layer.SelfNorm);
        return graph.LayerNorm(graph.Add(x, graph.Linear(graph.Relu(graph.Linear(x, layer.Expand)), layer.Reduce)), layer.FinalNorm);
    }

    private static string Attend(TorchGraphWriter graph, string query, string key, string value, MaskedDecoderLayer layer, string? hidden)
    {
        var builder = graph.Builder;
        var size = layer.SelfQuery.Weight.shape[0];
        var width = size / layer.Heads;
        string Split(string x, params long[] order) => graph.Transpose(graph.Reshape(x, 0, -1, layer.Heads, width), order);
        var scaled = graph.Multiply(query, builder.Scalar((float)(1 / Math.Sqrt(width))));
        var scores = graph.MatMul(Split(scaled, 0, 2, 1, 3), Split(key, 0, 2, 3, 1));
        if (hidden is not null) scores = builder.Op("Where", [hidden, builder.Scalar(float.NegativeInfinity), scores]);
        var attention = graph.MatMul(builder.Op("Softmax", [scores], ("axis", -1L)), Split(value, 0, 2, 1, 3));
        return graph.Reshape(graph.Transpose(attention, 0, 2, 1, 3), 0, -1, size);
    }
}
