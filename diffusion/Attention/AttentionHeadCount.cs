using System.Runtime.InteropServices;
using FreeMask.Onnx;
using FreeMask.Onnx.Proto;

namespace FreeMask.Diffusion.Attention;

/// <summary>
/// Finds the number of heads where no operator states it: exporters split queries [n, cells, heads * d] by a reshape to [n, cells, heads,
/// d] somewhere before the product, and the number of heads is a constant of that reshape's shape.
/// </summary>
internal static class AttentionHeadCount
{
    private const int HeadsAxis = 2, FarthestBack = 12;

    private static readonly HashSet<string> OnTheWay = ["Reshape", "Transpose", "Mul", "Div", "Cast", "Identity"];

    /// <summary>The heads of a query; null where the graph does not say.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="query">The tensor that the product, or the attention operator, takes.</param>
    public static int? Of(OnnxGraph graph, string query)
    {
        var tensor = query;
        for (var step = 0; step < FarthestBack && graph.ProducerOf(tensor) is { } node && OnTheWay.Contains(node.OpType); step++)
        {
            if (node.OpType == "Reshape" && ShapeOf(graph, node.Input[1]) is { Count: 4 } shape && shape[HeadsAxis] is > 0 and var heads)
                return (int)heads;
            tensor = TensorProvenance.DataInputs(node).First();
        }

        return null;
    }

    /// <summary>A shape whose parts may be computed: null where a part is not a constant.</summary>
    private static List<long?>? ShapeOf(OnnxGraph graph, string tensor)
    {
        if (Integers(graph.ConstantOf(tensor)) is { } all) return [.. all.Select(v => (long?)v)];
        if (graph.ProducerOf(tensor) is not { OpType: "Concat" } concat) return null;
        var parts = new List<long?>();
        foreach (var part in concat.Input)
        {
            // A part that stands alone is one number, constant or not.
            var source = graph.ProducerOf(part) is { OpType: "Unsqueeze" } scalar ? scalar.Input[0] : part;
            if (Integers(graph.ConstantOf(source)) is { } values) parts.AddRange(values.Select(v => (long?)v));
            else parts.Add(null);
        }

        return parts;
    }

    private static long[]? Integers(TensorProto? tensor) => tensor switch
    {
        null => null,
        { Int64Data.Count: > 0 } => [.. tensor.Int64Data],
        { DataType: OnnxGraphBuilder.Int64, RawData.Length: > 0 } => MemoryMarshal.Cast<byte, long>(tensor.RawData.Span).ToArray(),
        _ => null,
    };
}
