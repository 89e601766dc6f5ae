using System.Globalization;
using FreeMask.Onnx;
using FreeMask.Onnx.Proto;
using Google.Protobuf;

namespace FreeMask.Diffusion.Attention;

/// <summary>Writes the nodes that <see cref="AttentionCapture"/> appends. Every helper adds one node and returns its output's
/// name.</summary>
/// <remarks>
/// ONNX Runtime orders nodes by depth-first search from those whose outputs no node takes, the last one first (onnxruntime,
/// core/graph/graph_viewer.cc). Were the captures in the modules' order, all probabilities would be kept to the end of the run, whether
/// attention is wanted or not. So these ends come behind all other nodes, those of the last module first, and the end of the U-Net itself,
/// wherever optimizers move it, becomes one of them that comes last: every map is reduced as soon as its module has run.
/// </remarks>
internal sealed class AttentionOutputWriter
{
    private const string Prefix = "freemask_";

    private readonly OnnxGraph _graph;
    private readonly GraphProto _additions = new();
    private readonly long _opset;
    private readonly Dictionary<string, string> _constants = new(StringComparer.Ordinal);
    private readonly List<(int Place, NodeProto Node)> _ends = [];
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly string _latent;
    private int _count, _maps;

    internal AttentionOutputWriter(OnnxGraph graph, UNetPorts ports)
    {
        _graph = graph;
        _opset = graph.Opsets.GetValueOrDefault("", 13);
        AddInput(AttentionCapture.RowsInput, OnnxGraphBuilder.Int64, 1);
        AddInput(AttentionCapture.ColumnsInput, OnnxGraphBuilder.Float, 3);
        for (var i = 0; i < graph.Nodes.Count; i++) _places[graph.Nodes[i].Output[0]] = i;
        _latent = ports.Latent;
    }

    /// <summary>Mean over heads, then weighted sums over tokens: [n, Q, c].</summary>
    internal string AddCross(AttentionModule module)
    {
        var name = NextOutput();
        AddEnd(
            PlaceOf(module),
            Node("MatMul", name, [HeadMean(Probabilities(module)), AttentionCapture.ColumnsInput]),
            OnnxGraphBuilder.Float
        );
        return name;
    }

    /// <summary>Mean over heads and over modules: [n, Q, Q].</summary>
    internal string AddSelf(IReadOnlyList<AttentionModule> modules)
    {
        string[] maps = [.. modules.Select(m => HeadMean(Probabilities(m)))];
        // The mean has to wait for the last module; an end of its own has each map reduced before.
        for (var i = 0; i < maps.Length; i++)
            AddEnd(PlaceOf(modules[i]), Node("Shape", maps[i] + "_reduced", [maps[i]]), OnnxGraphBuilder.Int64);
        var name = NextOutput();
        AddEnd(modules.Max(PlaceOf), Node("Mean", name, maps), OnnxGraphBuilder.Float);
        return name;
    }

    internal byte[] Finish()
    {
        var last = _graph.Outputs[0].Name;
        AddEnd(int.MaxValue, Node("Shape", Prefix + "end", [last]), OnnxGraphBuilder.Int64);
        _additions.Node.AddRange(_ends.OrderByDescending(e => e.Place).Select(e => e.Node));
        return new ModelProto { Graph = _additions }.ToByteArray();
    }

    private string Probabilities(AttentionModule module) => module.Form switch
    {
        AttentionForm.Softmax => OfSoftmax(module),
        AttentionForm.Attention => OfAttention(module),
        AttentionForm.MultiHeadAttention => OfMultiHead(module),
        _ => OfPacked(module),
    };

    private int PlaceOf(AttentionModule module) => _places[module.Node.Output[0]];

    /// <summary>[B heads, Q, K] or [B, heads, Q, K] to the wanted rows of [B, heads, Q, K]; rows of the 3-D form are b heads + h
    /// (diffusers, head_to_batch_dim).</summary>
    private string OfSoftmax(AttentionModule module)
    {
        var tensor = module.Node.Output[0];
        var ends = Op("Slice", [Op("Shape", [tensor]), Ints(-2), Ints(long.MaxValue), Ints(0)]);
        var shape = Op("Concat", [Batch, Ints(-1), ends], ("axis", 0));
        return ToFloat(Rows(Op("Reshape", [tensor, shape])));
    }

    /// <summary>Queries and keys are [B, heads, N, d], or [B, N, C] with the heads in an attribute.</summary>
    private string OfAttention(AttentionModule module)
    {
        var node = module.Node;
        var (query, key) = (ToFloat(Rows(node.Input[0])), ToFloat(Rows(node.Input[1])));
        if (module.SplitsInto is { } heads) (query, key) = (SplitHeads(query, heads), SplitHeads(key, heads));
        return Scores(node, query, key, "");
    }

    private string OfMultiHead(AttentionModule module)
    {
        var node = module.Node;
        var heads = module.SplitsInto ?? throw new FreeMaskException($"{_graph.Path}: {node.Name} does not state its number of heads.");
        string query, key;
        if (node.Input.Count < 2 || node.Input[1].Length == 0)
        {
            // Packed queries, keys and values: [B, N, heads, 3, d].
            var packed = ToFloat(Rows(node.Input[0]));
            (query, key) = (Take(packed, 0, 3), Take(packed, 1, 3));
            return Scores(node, Heads(query), Heads(key), Input(node, 5));
        }

        query = ToFloat(Rows(node.Input[0]));
        key = ToFloat(Rows(node.Input[1]));
        if (node.Input.Count < 3 || node.Input[2].Length == 0)
        {
            // Packed keys and values: [B, L, heads, 2, d].
            return Scores(node, SplitHeads(query, heads), Heads(Take(key, 0, 3)), Input(node, 5));
        }

        if (Input(node, 3) is { Length: > 0 } bias)
        {
            var parts = ToFloat(Op("Reshape", [bias, Ints(3, -1)]));
            (query, key) = (Op("Add", [query, Take(parts, 0, 0)]), Op("Add", [key, Take(parts, 1, 0)]));
        }

        return Scores(node, SplitHeads(query, heads), SplitHeads(key, heads), Input(node, 5));
    }

    /// <summary>Input [B, N, C], one weight [C, 3 C] in the order queries, keys, values, one bias [3 C].</summary>
    private string OfPacked(AttentionModule module)
    {
        var node = module.Node;
        var heads = module.SplitsInto ?? throw new FreeMaskException($"{_graph.Path}: {node.Name} does not state its number of heads.");
        var product = Op("MatMul", [ToFloat(Rows(node.Input[0])), ToFloat(node.Input[1])]);
        if (Input(node, 2) is { Length: > 0 } bias) product = Op("Add", [product, ToFloat(bias)]);
        var parts = SplitLast(product, 3, heads);
        return Scores(node, Heads(Take(parts, 0, 2)), Heads(Take(parts, 1, 2)), Input(node, 5));
    }

    /// <summary>softmax(scale Q K^T + bias) of [n, heads, N, d] each; the scale is the node's, otherwise 1 / sqrt(d).</summary>
    private string Scores(NodeProto node, string query, string key, string bias)
    {
        var product = Op("MatMul", [query, Op("Transpose", [key], ("perm", new long[] { 0, 1, 3, 2 }))]);
        var scale = node.Attribute.FirstOrDefault(a => a.Name == "scale")?.F ?? 0;
        string scores;
        if (scale != 0) scores = Op("Mul", [product, Float(scale)]);
        else
        {
            var width = Op("Cast", [Op("Slice", [Op("Shape", [query]), Ints(3), Ints(4), Ints(0)])], ("to", OnnxGraphBuilder.Float));
            scores = Op("Div", [product, Op("Sqrt", [width])]);
        }

        if (bias.Length > 0) scores = Op("Add", [scores, ToFloat(bias)]);
        return Op("Softmax", [scores], ("axis", -1));
    }

    private string Batch => field ??= Op("Slice", [Op("Shape", [_latent]), Ints(0), Ints(1), Ints(0)]);

    private string Rows(string tensor) => Op("Gather", [tensor, AttentionCapture.RowsInput], ("axis", 0));

    private string Take(string tensor, long index, int axis) => Op("Gather", [tensor, Scalar(index)], ("axis", axis));

    /// <summary>[n, N, C] to [n, heads, N, C / heads].</summary>
    private string SplitHeads(string tensor, int heads) => Heads(SplitLast(tensor, heads));

    /// <summary>[n, N, C] to [n, N, groups..., rest]. A Reshape of zero rows cannot infer -1, so the rest is computed.</summary>
    private string SplitLast(string tensor, params long[] groups)
    {
        var shape = Op("Shape", [tensor]);
        var rest = Op("Div", [Op("Slice", [shape, Ints(2), Ints(3), Ints(0)]), Ints(groups.Aggregate(1L, (a, b) => a * b))]);
        var target = Op("Concat", [Op("Slice", [shape, Ints(0), Ints(2), Ints(0)]), Ints(groups), rest], ("axis", 0));
        return Op("Reshape", [tensor, target], AllowZero());
    }

    /// <summary>[n, N, heads, d] to [n, heads, N, d].</summary>
    private string Heads(string tensor) => Op("Transpose", [tensor], ("perm", new long[] { 0, 2, 1, 3 }));

    private string ToFloat(string tensor) => Op("Cast", [tensor], ("to", OnnxGraphBuilder.Float));

    /// <summary>Axes are an attribute up to opset 17 and an input from 18.</summary>
    private string HeadMean(string probabilities) => _opset >= 18
        ? Op("ReduceMean", [probabilities, Ints(1)], ("keepdims", 0))
        : Op("ReduceMean", [probabilities], ("axes", new[] { 1L }), ("keepdims", 0));

    private (string, object)[] AllowZero() => _opset >= 14 ? [("allowzero", 1)] : [];

    private string NextOutput() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}map_{_maps++}");

    /// <summary>Adds a node whose output no other node takes: an output of the model.</summary>
    private void AddEnd(int place, NodeProto node, int type)
    {
        _ends.Add((place, node));
        _additions.Output.Add(
            new ValueInfoProto
            {
                Name = node.Output[0],
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type } },
            }
        );
    }

    private string Op(string type, IEnumerable<string> inputs, params (string Name, object Value)[] attributes)
    {
        var node = Node(type, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{_count++}"), inputs, attributes);
        _additions.Node.Add(node);
        return node.Output[0];
    }

    private static NodeProto Node(string type, string name, IEnumerable<string> inputs, params (string Name, object Value)[] attributes)
    {
        var node = new NodeProto { OpType = type, Name = name, Output = { name } };
        node.Input.AddRange(inputs);
        foreach (var (attribute, value) in attributes)
        {
            var added = new AttributeProto { Name = attribute };
            if (value is long[] many)
            {
                added.Type = AttributeProto.Types.AttributeType.Ints;
                added.Ints.AddRange(many);
            }
            else
            {
                added.Type = AttributeProto.Types.AttributeType.Int;
                added.I = Convert.ToInt64(value, CultureInfo.InvariantCulture);
            }

            node.Attribute.Add(added);
        }

        return node;
    }

    private string Ints(params long[] values) =>
        Constant("i" + string.Join('_', values), OnnxGraphBuilder.Int64, [values.Length], t => t.Int64Data.AddRange(values));

    private string Scalar(long value) =>
        Constant("s" + value.ToString(CultureInfo.InvariantCulture), OnnxGraphBuilder.Int64, [], t => t.Int64Data.Add(value));

    private string Float(float value) =>
        Constant(
            "f" + BitConverter.SingleToInt32Bits(value).ToString(CultureInfo.InvariantCulture),
            OnnxGraphBuilder.Float,
            [],
            t => t.FloatData.Add(value)
        );

    private string Constant(string key, int type, long[] shape, Action<TensorProto> fill)
    {
        if (_constants.TryGetValue(key, out var name)) return name;
        _constants[key] = name = $"{Prefix}const_{key.Replace('-', 'm')}";
        var tensor = new TensorProto { Name = name, DataType = type };
        tensor.Dims.AddRange(shape);
        fill(tensor);
        _additions.Initializer.Add(tensor);
        return name;
    }

    private void AddInput(string name, int type, int rank)
    {
        var shape = new TensorShapeProto();
        for (var i = 0; i < rank; i++) shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = $"{name}_{i}" });
        _additions.Input.Add(
            new ValueInfoProto
            {
                Name = name,
                Type = new TypeProto
                {
                    TensorType = new TypeProto.Types.Tensor { ElemType = type, Shape = shape },
                },
            }
        );
    }

    private static string Input(NodeProto node, int index) => node.Input.Count > index ? node.Input[index] : "";
}
