using FreeMask.Training.Torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>Writes image backbones as ONNX operators, for images of one size.</summary>
internal static class BackboneGraph
{
    /// <summary>Adds the backbone; returns its four maps [n, c, h, w].</summary>
    internal static string[] Add(TorchGraphWriter graph, Backbone backbone, string image, int width, int height) => backbone switch
    {
        ResNetBackbone resNet => ResNet(graph, resNet, image),
        SwinBackbone swin => Swin(graph, swin, image, width, height),
        _ => throw new NotSupportedException($"{backbone.GetType().Name} has no ONNX form."),
    };

    private static string[] ResNet(TorchGraphWriter graph, ResNetBackbone backbone, string image)
    {
        var x = graph.Builder.Op(
            "MaxPool",
            [graph.Unit(image, backbone.Stem)],
            ("kernel_shape", new long[] { 3, 3 }),
            ("strides", new long[] { 2, 2 }),
            ("pads", new long[] { 1, 1, 1, 1 }));
        var maps = new List<string>();
        foreach (var stage in backbone.Stages)
        {
            foreach (var layer in stage)
            {
                var inner = layer.Units.Aggregate(x, graph.Unit);
                x = graph.Relu(graph.Add(inner, layer.Shortcut is null ? x : graph.Unit(x, layer.Shortcut)));
            }

            maps.Add(x);
        }

        return [.. maps];
    }

    private static string[] Swin(TorchGraphWriter graph, SwinBackbone backbone, string image, int width, int height)
    {
        const long Patch = SwinConfig.PatchSize;
        var whole = graph.Pad(image, 4, 2, SwinBackbone.Missing(height, Patch), 3, SwinBackbone.Missing(width, Patch));
        var patches = graph.Convolve(whole, backbone.Embedding.Weight, backbone.Embedding.Bias, Patch, padding: 0);
        var x = graph.LayerNorm(graph.Transpose(patches, 0, 2, 3, 1), backbone.EmbeddingNorm);
        var (rows, columns) = ((height + Patch - 1) / Patch, (width + Patch - 1) / Patch);
        var maps = new string[backbone.Stages.Count];
        for (var stage = 0; stage < maps.Length; stage++)
        {
            string? separation = null;
            foreach (var block in backbone.Stages[stage])
            {
                if (block.Shift > 0) separation ??= Separation(graph, block, rows, columns);
                x = Block(graph, block, x, rows, columns, block.Shift > 0 ? separation : null);
            }

            maps[stage] = graph.Transpose(graph.LayerNorm(x, backbone.Norms[stage]), 0, 3, 1, 2);
            if (stage == backbone.Mergers.Count) continue;
            x = Merge(graph, backbone.Mergers[stage], x, rows, columns, backbone.Channels[stage]);
            (rows, columns) = ((rows + 1) / 2, (columns + 1) / 2);
        }

        return maps;
    }

    private static string Separation(TorchGraphWriter graph, SwinBlock block, long rows, long columns)
    {
        var (height, width, area) = (Padded(rows, block.Window), Padded(columns, block.Window), block.Window * block.Window);
        return graph.Builder.Weight("separation", block.Separation(height, width), height * width / area, 1, area, area);
    }

    private static string Block(TorchGraphWriter graph, SwinBlock block, string x, long rows, long columns, string? separation)
    {
        x = graph.Add(x, Attend(graph, block, graph.LayerNorm(x, block.Before), rows, columns, separation));
        return graph.Add(x, graph.Linear(graph.Gelu(graph.Linear(graph.LayerNorm(x, block.After), block.Expand)), block.Reduce));
    }

    private static string Attend(TorchGraphWriter graph, SwinBlock block, string x, long rows, long columns, string? separation)
    {
        var builder = graph.Builder;
        var (window, area, channels) = (block.Window, block.Window * block.Window, block.Output.Weight.shape[0]);
        var (height, width) = (Padded(rows, window), Padded(columns, window));
        var (down, across) = (height / window, width / window);
        var map = graph.Pad(x, 4, 1, height - rows, 2, width - columns);
        if (block.Shift > 0) map = graph.Roll(graph.Roll(map, 1, block.Shift, height), 2, block.Shift, width);
        var windows = graph.Transpose(graph.Reshape(map, 0, down, window, across, window, channels), 0, 1, 3, 2, 4, 5);
        var cells = graph.Reshape(windows, 0, down * across, area, channels);
        string Split(LinearLayer layer, params long[] order) =>
            graph.Transpose(graph.Reshape(graph.Linear(cells, layer), 0, down * across, area, block.Heads, channels / block.Heads), order);
        var scale = builder.Scalar((float)(1 / Math.Sqrt(channels / block.Heads)));
        var scores = graph.MatMul(graph.Multiply(Split(block.Query, 0, 1, 3, 2, 4), scale), Split(block.Key, 0, 1, 3, 4, 2));
        scores = graph.Add(scores, graph.Constant("offset_bias", block.OffsetBias()));
        if (separation is not null) scores = graph.Add(scores, separation);
        var seen = graph.MatMul(builder.Op("Softmax", [scores], ("axis", -1L)), Split(block.Value, 0, 1, 3, 2, 4));
        var mixed = graph.Linear(graph.Reshape(graph.Transpose(seen, 0, 1, 3, 2, 4), 0, down * across, area, channels), block.Output);
        var back = graph.Transpose(graph.Reshape(mixed, 0, down, across, window, window, channels), 0, 1, 3, 2, 4, 5);
        var result = graph.Reshape(back, 0, height, width, channels);
        if (block.Shift > 0) result = graph.Roll(graph.Roll(result, 1, height - block.Shift, height), 2, width - block.Shift, width);
        if (height > rows) result = graph.Slice(result, 1, 0, rows);
        return width > columns ? graph.Slice(result, 2, 0, columns) : result;
    }

    private static string Merge(TorchGraphWriter graph, PatchMerging merging, string x, long rows, long columns, long channels)
    {
        var (height, width) = (Padded(rows, 2), Padded(columns, 2));
        var even = graph.Pad(x, 4, 1, height - rows, 2, width - columns);
        var neighbors = graph.Transpose(graph.Reshape(even, 0, height / 2, 2, width / 2, 2, channels), 0, 1, 3, 4, 2, 5);
        return graph.Linear(
            graph.LayerNorm(graph.Reshape(neighbors, 0, height / 2, width / 2, 4 * channels), merging.Norm),
            merging.Reduction
        );
    }

    private static long Padded(long size, long multiple) => size + SwinBackbone.Missing(size, multiple);
}
