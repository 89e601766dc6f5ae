using FreeMask.Onnx;

namespace FreeMask.Vision.Tests.Placement;

/// <summary>Small ONNX graphs with the inputs of placement models and scores that are known.</summary>
internal static class PlacementGraphs
{
    /// <summary>
    /// A model whose logit of "plausible" is high about one position, and rises with the share of the canvas that the object takes up and
    /// with the lightness of the background.
    /// </summary>
    /// <param name="side">Side of the inputs.</param>
    /// <param name="peak">Row and column.</param>
    /// <param name="batch">The number of objects, or the name of a free dimension.</param>
    /// <param name="backgrounds">The number of backgrounds, or the name of a free dimension.</param>
    /// <param name="names">Names of background, object and mask.</param>
    /// <param name="order">Order in which they are declared.</param>
    internal static byte[] Peak(
        int side,
        (int Row, int Column) peak,
        object? batch = null,
        object? backgrounds = null,
        string[]? names = null,
        int[]? order = null
    )
    {
        var graph = new OnnxGraphBuilder();
        names ??= ["background", "foreground", "mask"];
        var inputs = new string[3];
        foreach (var i in order ?? [0, 1, 2])
            inputs[i] = graph.Input(
                names[i], OnnxGraphBuilder.Float, i == 0 ? backgrounds ?? batch ?? "n" : batch ?? "n", i == 2 ? 1 : 3, side, side);
        var heat = new float[2 * side * side];
        for (var i = 0; i < side * side; i++)
        {
            var (dy, dx) = (i / side - peak.Row, i % side - peak.Column);
            heat[(side * side) + i] = 4 - (0.1f * ((dy * dy) + (dx * dx)));
        }

        string Mean(string of) => graph.Op("ReduceMean", [of], ("axes", new long[] { 1, 2, 3 }), ("keepdims", 1L));
        string Weigh(string of, float by) => graph.Op("Mul", [Mean(of), graph.Weight("w", [0, by], 1, 2, 1, 1)]);
        var logits = graph.Op("Add", [graph.Weight("heat", heat, 1, 2, side, side), Weigh(inputs[2], 10)]);
        logits = graph.Op("Add", [logits, graph.Op("Add", [Weigh(inputs[0], 0.1f), Weigh(inputs[1], 0.01f)])]);
        graph.Output("logits", logits, OnnxGraphBuilder.Float, batch ?? "n", 2, side, side);
        return graph.ToBytes();
    }

    /// <summary>A model of another contract.</summary>
    internal static byte[] Other(int channels, int rows, int outputs)
    {
        var graph = new OnnxGraphBuilder();
        var background = graph.Input("background", OnnxGraphBuilder.Float, "n", 3, 32, 32);
        var foreground = graph.Input("foreground", OnnxGraphBuilder.Float, "n", channels, rows, 32);
        var mask = graph.Input("mask", OnnxGraphBuilder.Float, "n", 1, 32, 32);
        string Mean(string of) => graph.Op("ReduceMean", [of], ("axes", new long[] { 1, 2, 3 }), ("keepdims", 1L));
        var sum = graph.Op("Add", [graph.Op("Add", [Mean(background), Mean(foreground)]), mask]);
        var result = graph.Op("Mul", [sum, graph.Weight("ones", [.. Enumerable.Repeat(1f, outputs)], 1, outputs, 1, 1)]);
        graph.Output("out", result, OnnxGraphBuilder.Float, "n", outputs, 32, 32);
        return graph.ToBytes();
    }
}
