using FreeMask.Onnx.Proto;

namespace FreeMask.Onnx;

/// <summary>What is known of a weight without reading it.</summary>
/// <param name="Shape">Dimensions.</param>
/// <param name="ElementType">ONNX's element type number.</param>
/// <param name="Small">The whole tensor where it is small and inline (constants such as shapes and scales), otherwise null.</param>
/// <param name="ExternalFile">The file that holds the data, otherwise null.</param>
internal sealed record OnnxWeight(IReadOnlyList<long> Shape, int ElementType, TensorProto? Small, string? ExternalFile);

/// <summary>The structure of a model: nodes, inputs, outputs, names and shapes of weights; no weights.</summary>
internal sealed class OnnxGraph
{
    private readonly Dictionary<string, NodeProto> _producers = new(StringComparer.Ordinal);

    internal OnnxGraph(string path)
    {
        Path = path;
    }

    /// <summary>Where the model was read from.</summary>
    public string Path { get; }

    /// <summary>The exporter's name and version, such as <c>pytorch 2.15.0</c>; empty if it wrote none.</summary>
    public string Producer { get; internal set; } = "";

    /// <summary>The version of the file's intermediate representation.</summary>
    public long IrVersion { get; internal set; }

    /// <summary>Nodes in topological order.</summary>
    public IReadOnlyList<NodeProto> Nodes => NodeList;

    /// <summary>Declared inputs, without those that are weights.</summary>
    public IReadOnlyList<ValueInfoProto> Inputs => [.. InputList.Where(i => !WeightTable.ContainsKey(i.Name))];

    /// <summary>Declared outputs.</summary>
    public IReadOnlyList<ValueInfoProto> Outputs => OutputList;

    /// <summary>Weights by name.</summary>
    public IReadOnlyDictionary<string, OnnxWeight> Weights => WeightTable;

    /// <summary>Versions of operator sets by domain; the default domain is the empty string.</summary>
    public IReadOnlyDictionary<string, long> Opsets => OpsetTable;

    /// <summary>Files beside the model that hold weights.</summary>
    public IReadOnlyList<string> ExternalFiles =>
        [.. WeightTable.Values.Select(w => w.ExternalFile).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>For each file beside the model, where the last of its weights ends, in bytes.</summary>
    internal SortedDictionary<string, long> ExternalEnds { get; } = new(StringComparer.Ordinal);

    internal List<NodeProto> NodeList { get; } = [];

    internal List<ValueInfoProto> InputList { get; } = [];

    internal List<ValueInfoProto> OutputList { get; } = [];

    internal Dictionary<string, OnnxWeight> WeightTable { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, long> OpsetTable { get; } = new(StringComparer.Ordinal);

    /// <summary>The node that computes a tensor, or null for inputs and weights.</summary>
    public NodeProto? ProducerOf(string tensor) => _producers.GetValueOrDefault(tensor);

    /// <summary>How often each operator occurs, contrib operators with their domain, most frequent first.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> OperatorHistogram() =>
    [
        .. NodeList.CountBy(n => n.Domain.Length == 0 ? n.OpType : $"{n.Domain}.{n.OpType}")
            .OrderByDescending(p => p.Value).ThenBy(p => p.Key, StringComparer.Ordinal),
    ];

    /// <summary>The value of a small constant: a weight or the output of a Constant node; null if it is neither.</summary>
    internal TensorProto? ConstantOf(string tensor)
    {
        if (WeightTable.TryGetValue(tensor, out var weight)) return weight.Small;
        return ProducerOf(tensor) is { OpType: "Constant" } node ? node.Attribute.FirstOrDefault(a => a.Name == "value")?.T : null;
    }

    internal void Index()
    {
        foreach (var node in NodeList)
            foreach (var output in node.Output)
                if (output.Length > 0) _producers[output] = node;
    }
}
