using FreeMask.Onnx.Proto;

namespace FreeMask.Onnx;

/// <summary>
/// Which graph inputs a tensor's *data* come from. Shapes carry no data: nothing flows through Shape, Size, Constant, ConstantOfShape or
/// Range, and only the first input of Reshape and its kind counts.
/// </summary>
internal sealed class TensorProvenance
{
    private static readonly HashSet<string> Sources = ["Shape", "Size", "Constant", "ConstantOfShape", "Range"];

    private static readonly HashSet<string> FirstInputOnly =
    [
        "Reshape",
        "Expand",
        "Slice",
        "Gather",
        "GatherElements",
        "GatherND",
        "Squeeze",
        "Unsqueeze",
        "Tile",
        "Resize",
        "Upsample",
        "Pad",
        "Split",
        "TopK",
        "ReduceMean",
        "ReduceSum",
        "ReduceMax",
        "Clip",
        "CumSum",
        "OneHot",
        "Transpose",
    ];

    private readonly Dictionary<string, ulong> _masks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ulong> _bits = new(StringComparer.Ordinal);

    internal TensorProvenance(OnnxGraph graph)
    {
        foreach (var input in graph.Inputs)
        {
            _bits[input.Name] = 1UL << Math.Min(_bits.Count, 63);
            _masks[input.Name] = _bits[input.Name];
        }

        foreach (var node in graph.Nodes)
        {
            ulong mask = 0;
            foreach (var input in DataInputs(node)) mask |= _masks.GetValueOrDefault(input);
            foreach (var output in node.Output) _masks[output] = mask;
        }
    }

    /// <summary>Inputs of a node whose values (not only shapes) reach its output.</summary>
    internal static IEnumerable<string> DataInputs(NodeProto node)
    {
        if (Sources.Contains(node.OpType)) return [];
        return FirstInputOnly.Contains(node.OpType) ? node.Input.Take(1) : node.Input;
    }

    /// <summary>Whether a tensor has any input among its roots.</summary>
    internal bool DependsOnInput(string tensor) => _masks.GetValueOrDefault(tensor) != 0;

    /// <summary>Whether an input is among a tensor's roots.</summary>
    internal bool DependsOn(string tensor, string input) => (_masks.GetValueOrDefault(tensor) & _bits.GetValueOrDefault(input)) != 0;
}
