using FreeMask.Onnx;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Vision.Tests.Harmonization;

/// <summary>Small ONNX graphs with the inputs of harmonizers and results that are known.</summary>
internal static class HarmonizerGraphs
{
    private const int Side = HarmonizerFeatures.Side;

    /// <summary>The same change for every object.</summary>
    internal static byte[] Constant(float[] output)
    {
        var graph = new OnnxGraphBuilder();
        var zero = graph.Op("Mul", [MeanOf(graph), graph.Scalar(0)]);
        var row = graph.Op("ReduceMean", [zero], ("axes", new long[] { 1 }), ("keepdims", 1L));
        graph.Output(
            StatisticsForm.Output,
            graph.Op("Add", [row, graph.Weight("row", output, 1, output.Length)]),
            OnnxGraphBuilder.Float,
            "batch",
            output.Length
        );
        return graph.ToBytes();
    }

    /// <summary>A change that follows from the means of the object's planes, through a convolution.</summary>
    internal static byte[] MeanOfPlanes()
    {
        var graph = new OnnxGraphBuilder();
        var weights = new float[StatisticsForm.Numbers * HarmonizerFeatures.Planes];
        for (var i = 0; i < weights.Length; i++) weights[i] = i < 6 * HarmonizerFeatures.Planes ? 0.4f + (0.01f * i) : -0.5f;
        var input = graph.Input(StatisticsForm.Input, OnnxGraphBuilder.Float, "batch", HarmonizerFeatures.Planes, Side, Side);
        var convolved = graph.Op(
            "Conv",
            [input, graph.Weight("w", weights, StatisticsForm.Numbers, HarmonizerFeatures.Planes, 1, 1)],
            ("kernel_shape", new long[] { 1, 1 })
        );
        var mean = graph.Op("ReduceMean", [convolved], ("axes", new long[] { 2, 3 }), ("keepdims", 0L));
        graph.Output(StatisticsForm.Output, mean, OnnxGraphBuilder.Float, "batch", StatisticsForm.Numbers);
        return graph.ToBytes();
    }

    /// <summary>The contract of a public RainNet: every pixel becomes lighter.</summary>
    internal static byte[] RainNet(float lighter)
    {
        var graph = new OnnxGraphBuilder();
        var image = graph.Input("comp", OnnxGraphBuilder.Float, "n", 3, 256, 256);
        var mask = graph.Input("mask", OnnxGraphBuilder.Float, "n", 1, 256, 256);
        // The mask must arrive as 0 and 1: its square is subtracted from itself.
        var zero = graph.Op("Sub", [graph.Op("Mul", [mask, mask]), mask]);
        graph.Output(
            "output",
            graph.Op("Add", [graph.Op("Add", [image, zero]), graph.Scalar(lighter)]),
            OnnxGraphBuilder.Float,
            "n",
            3,
            256,
            256
        );
        return graph.ToBytes();
    }

    /// <summary>The contract of a public PCT-Net: the object becomes lighter, in full resolution.</summary>
    internal static byte[] PctNet(float lighter)
    {
        var graph = new OnnxGraphBuilder();
        var low = graph.Input("image_lr", OnnxGraphBuilder.Float, 1, 3, 256, 256);
        var image = graph.Input("image", OnnxGraphBuilder.Float, 1, 3, "height", "width");
        var lowMask = graph.Input("mask_lr", OnnxGraphBuilder.Float, 1, 1, 256, 256);
        var mask = graph.Input("mask", OnnxGraphBuilder.Float, 1, 1, "height", "width");
        string Zero(string of) =>
            graph.Op("Mul", [graph.Op("ReduceMean", [of], ("axes", new long[] { 1, 2, 3 }), ("keepdims", 1L)), graph.Scalar(0)]);
        var change = graph.Op("Mul", [mask, graph.Scalar(lighter)]);
        change = graph.Op("Add", [change, graph.Op("Add", [Zero(low), Zero(lowMask)])]);
        graph.Output("output", graph.Op("Add", [image, change]), OnnxGraphBuilder.Float, 1, 3, "height", "width");
        return graph.ToBytes();
    }

    private static string MeanOf(OnnxGraphBuilder graph) =>
        graph.Op(
            "ReduceMean",
            [graph.Input(StatisticsForm.Input, OnnxGraphBuilder.Float, "batch", HarmonizerFeatures.Planes, Side, Side)],
            ("axes", new long[] { 2, 3 }),
            ("keepdims", 0L)
        );
}
