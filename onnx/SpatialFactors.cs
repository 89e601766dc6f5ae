using FreeMask.Onnx.Proto;

namespace FreeMask.Onnx;

/// <summary>
/// How much smaller than a given input the spatial grid of each tensor is, read off the graph: a convolution with stride s divides it by s,
/// a resize multiplies it. So the resolution of an attention module is known without running the model.
/// </summary>
internal sealed class SpatialFactors
{
    private readonly Dictionary<string, (double Factor, bool Joined)> _known = new(StringComparer.Ordinal);

    internal SpatialFactors(OnnxGraph graph, string input)
    {
        _known[input] = (1, false);
        foreach (var node in graph.Nodes)
        {
            var sources = TensorProvenance.DataInputs(node).Where(_known.ContainsKey).Select(i => _known[i]).ToArray();
            if (sources.Length == 0) continue;
            // Skip connections join the upward half of a U-Net: two grids of the latent meet in a Concat.
            var joined = sources.Any(s => s.Joined) || (node.OpType == "Concat" && sources.Length > 1 && AxisOf(node) == 1);
            var factor = sources[0].Factor * Change(graph, node);
            foreach (var output in node.Output) _known[output] = (factor, joined);
        }
    }

    /// <summary>The factor of a tensor: 8 means an eighth of the input's side; null where it does not descend from the input.</summary>
    internal double? Of(string tensor) => _known.TryGetValue(tensor, out var found) ? found.Factor : null;

    /// <summary>Whether a tensor lies behind a skip connection.</summary>
    internal bool IsJoined(string tensor) => _known.TryGetValue(tensor, out var found) && found.Joined;

    /// <summary>The largest factor anywhere.</summary>
    internal double Largest => _known.Values.Max(k => k.Factor);

    private static double Change(OnnxGraph graph, NodeProto node)
    {
        switch (node.OpType)
        {
            case "Conv" or "NhwcConv" or "AveragePool" or "MaxPool": return Stride(node);
            case "ConvTranspose": return 1.0 / Stride(node);
            case "DepthToSpace": return 1.0 / Math.Max(1, Attribute(node, "blocksize")?.I ?? 1);
            case "SpaceToDepth": return Math.Max(1, Attribute(node, "blocksize")?.I ?? 1);
            case "Upsample" or "Resize":
                // Input 2 (Resize) or 1 (Upsample) holds scales; exports that give sizes instead double them.
                var scales =
                    node.Input.Count > 1
                        ? graph.ConstantOf(node.Input[node.OpType == "Resize" ? Math.Min(2, node.Input.Count - 1) : 1])
                        : null;
                var last = scales is { DataType: OnnxGraphBuilder.Float } ? LastFloat(scales) : null;
                return 1 / (last is > 0 ? last.Value : 2);
            default: return 1;
        }
    }

    private static double Stride(NodeProto node) => Attribute(node, "strides")?.Ints is { Count: > 0 } strides ? strides[^1] : 1;

    private static long? AxisOf(NodeProto node) => Attribute(node, "axis")?.I;

    private static float? LastFloat(TensorProto tensor)
    {
        if (tensor.FloatData.Count > 0) return tensor.FloatData[^1];
        return tensor.RawData.Length >= 4 ? BitConverter.ToSingle(tensor.RawData.Span[^4..]) : null;
    }

    private static AttributeProto? Attribute(NodeProto node, string name) => node.Attribute.FirstOrDefault(a => a.Name == name);
}
