using System.Runtime.InteropServices;
using FreeMask.Onnx.Proto;
using Google.Protobuf;

namespace FreeMask.Onnx;

/// <summary>
/// Writes ONNX models: each call adds one node and returns the name of its (first) output. Weights become initializers with raw data.
/// </summary>
/// <param name="opset">Version of the default operator set.</param>
internal sealed class OnnxGraphBuilder(int opset = 17)
{
    /// <summary>ONNX's element type numbers (TensorProto.DataType).</summary>
    public const int Float = 1, Int64 = 7, Bool = 9, Float16 = 10, Double = 11;

    private const int IrVersion = 8;

    private readonly GraphProto _graph = new() { Name = "freemask" };
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _constants = new(StringComparer.Ordinal);

    /// <summary>A prefix for the names of nodes and tensors added from now on, such as <c>/down_blocks.0/attentions.0</c>.</summary>
    public string Scope { get; set; } = "";

    /// <summary>Declares an input. A dimension is a number or a name (a symbolic, free dimension).</summary>
    public string Input(string name, int elementType, params object[] shape)
    {
        _graph.Input.Add(ValueInfo(name, elementType, shape));
        _names.Add(name);
        return name;
    }

    /// <summary>Declares <paramref name="tensor"/> to be an output under the public name <paramref name="name"/>.</summary>
    public void Output(string name, string tensor, int elementType, params object[] shape)
    {
        if (name != tensor) Add(new NodeProto { OpType = "Identity", Name = name + "_out", Input = { tensor }, Output = { name } });
        _graph.Output.Add(ValueInfo(name, elementType, shape));
    }

    /// <summary>Adds float weights and returns their name, made unique.</summary>
    public string Weight(string name, ReadOnlySpan<float> values, params long[] shape) =>
        Initializer(name, Float, MemoryMarshal.AsBytes(values), shape);

    /// <summary>Adds float weights stored as half precision behind a cast: half the file, the same float32 arithmetic.</summary>
    public string HalfWeight(string name, ReadOnlySpan<float> values, params long[] shape)
    {
        var halves = new Half[values.Length];
        for (var i = 0; i < halves.Length; i++) halves[i] = (Half)values[i];
        return Op("Cast", [Halves(name, halves, shape)], ("to", (long)Float));
    }

    /// <summary>Adds weights of half precision and returns their name, made unique.</summary>
    public string Halves(string name, ReadOnlySpan<Half> values, params long[] shape) =>
        Initializer(name, Float16, MemoryMarshal.AsBytes(values), shape);

    /// <summary>Declares weights that lie in a file beside the model, row-major and little-endian: a model file itself cannot exceed
    /// 2 GB.</summary>
    /// <param name="name">The weights' name, made unique.</param>
    /// <param name="elementType"><see cref="Float"/> or <see cref="Float16"/>.</param>
    /// <param name="file">The file's name.</param>
    /// <param name="offset">Where they begin in it, in bytes.</param>
    /// <param name="shape">Dimensions.</param>
    public string ExternalWeight(string name, int elementType, string file, long offset, params long[] shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var unique = Unique(name);
        var bytes = shape.Aggregate(elementType == Float16 ? 2L : sizeof(float), (product, side) => checked(product * side));
        var tensor = new TensorProto { Name = unique, DataType = elementType, DataLocation = TensorProto.Types.DataLocation.External };
        tensor.Dims.AddRange(shape);
        foreach (var (key, value) in new[] { ("location", file), ("offset", Text(offset)), ("length", Text(bytes)) })
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        _graph.Initializer.Add(tensor);
        return unique;

        static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>A constant 64-bit vector; equal constants share one initializer.</summary>
    public string Int64s(params long[] values)
    {
        var key = "i64:" + string.Join(',', values);
        if (!_constants.TryGetValue(key, out var name))
            _constants[key] = name = Initializer("const_i64", Int64, MemoryMarshal.AsBytes(values.AsSpan()), [values.Length]);
        return name;
    }

    /// <summary>A constant 64-bit scalar (rank 0).</summary>
    public string Int64Scalar(long value)
    {
        var key = "i64s:" + value;
        if (!_constants.TryGetValue(key, out var name))
            _constants[key] = name = Initializer("const_i64s", Int64, MemoryMarshal.AsBytes(new[] { value }.AsSpan()), []);
        return name;
    }

    /// <summary>A constant float scalar (rank 0).</summary>
    public string Scalar(float value)
    {
        var key = "f32:" + BitConverter.SingleToInt32Bits(value);
        if (!_constants.TryGetValue(key, out var name))
            _constants[key] = name = Initializer("const_f32", Float, MemoryMarshal.AsBytes(new[] { value }.AsSpan()), []);
        return name;
    }

    /// <summary>Adds a node with one output.</summary>
    /// <param name="type">Operator, such as <c>Conv</c>.</param>
    /// <param name="inputs">Names of input tensors; an empty string skips an optional input.</param>
    /// <param name="attributes">Values: long, float, string, long[] or float[].</param>
    public string Op(string type, IReadOnlyList<string> inputs, params (string Name, object Value)[] attributes) =>
        Op(type, inputs, 1, attributes)[0];

    /// <summary>Adds a node with several outputs.</summary>
    public IReadOnlyList<string> Op(string type, IReadOnlyList<string> inputs, int outputs, params (string Name, object Value)[] attributes)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var name = Unique($"{Scope}/{type}");
        var node = new NodeProto { OpType = type, Name = name };
        node.Input.AddRange(inputs);
        for (var i = 0; i < outputs; i++) node.Output.Add($"{name}_output_{i}");
        foreach (var (attribute, value) in attributes) node.Attribute.Add(Attribute(attribute, value));
        return Add(node);
    }

    /// <summary>The finished model.</summary>
    public ModelProto Build() => new()
    {
        IrVersion = IrVersion,
        ProducerName = "freemask",
        Graph = _graph,
        OpsetImport = { new OperatorSetIdProto { Domain = "", Version = opset } },
    };

    /// <summary>The finished model as the bytes of its file.</summary>
    public byte[] ToBytes() => Build().ToByteArray();

    /// <summary>Writes the finished model to a file.</summary>
    public void Save(string path)
    {
        using var stream = File.Create(path);
        Build().WriteTo(stream);
    }

    private IReadOnlyList<string> Add(NodeProto node)
    {
        _graph.Node.Add(node);
        return node.Output;
    }

    private string Initializer(string name, int elementType, ReadOnlySpan<byte> raw, IReadOnlyList<long> shape)
    {
        var unique = Unique(name);
        var tensor = new TensorProto { Name = unique, DataType = elementType, RawData = ByteString.CopyFrom(raw) };
        tensor.Dims.AddRange(shape);
        _graph.Initializer.Add(tensor);
        return unique;
    }

    private string Unique(string name)
    {
        var unique = name;
        for (var i = 1; !_names.Add(unique); i++) unique = $"{name}_{i}";
        return unique;
    }

    private static ValueInfoProto ValueInfo(string name, int elementType, object[] shape)
    {
        var dimensions = new TensorShapeProto();
        foreach (var side in shape)
            dimensions.Dim.Add(
                side is string symbol
                    ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
                    : new TensorShapeProto.Types.Dimension
                    {
                        DimValue = Convert.ToInt64(side, System.Globalization.CultureInfo.InvariantCulture),
                    }
            );
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = elementType, Shape = dimensions } },
        };
    }

    private static AttributeProto Attribute(string name, object value)
    {
        var attribute = new AttributeProto { Name = name };
        switch (value)
        {
            case long or int:
                attribute.Type = AttributeProto.Types.AttributeType.Int;
                attribute.I = Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture);
                break;
            case float number:
                attribute.Type = AttributeProto.Types.AttributeType.Float;
                attribute.F = number;
                break;
            case string text:
                attribute.Type = AttributeProto.Types.AttributeType.String;
                attribute.S = ByteString.CopyFromUtf8(text);
                break;
            case long[] numbers:
                attribute.Type = AttributeProto.Types.AttributeType.Ints;
                attribute.Ints.AddRange(numbers);
                break;
            case float[] numbers:
                attribute.Type = AttributeProto.Types.AttributeType.Floats;
                attribute.Floats.AddRange(numbers);
                break;
            default:
                throw new ArgumentException($"Attribute {name} has the unsupported type {value.GetType()}.", nameof(value));
        }

        return attribute;
    }
}
