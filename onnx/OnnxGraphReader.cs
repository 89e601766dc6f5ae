using System.Globalization;
using FreeMask.Onnx.Proto;
using Google.Protobuf;

namespace FreeMask.Onnx;

/// <summary>
/// Reads the structure of an ONNX file and skips the bytes of its weights, so that a model of some gigabytes is looked through in
/// milliseconds. Field numbers are those of the public ONNX IR (onnx/onnx.proto3).
/// </summary>
internal static class OnnxGraphReader
{
    private const int ModelIrVersion = 1, ModelProducer = 2, ModelProducerVersion = 3, ModelGraph = 7, ModelOpset = 8;
    private const int GraphNode = 1, GraphInitializer = 5, GraphInput = 11, GraphOutput = 12;
    private const int TensorDims = 1, TensorType = 2, TensorName = 8, TensorExternal = 13;
    private const int SmallTensor = 4096;

    /// <summary>Reads a file.</summary>
    /// <exception cref="FreeMaskException">The file is missing or not an ONNX model.</exception>
    public static OnnxGraph Read(string path)
    {
        ModelFiles.Require(path);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        return Read(stream, path);
    }

    /// <summary>Reads a seekable stream; <paramref name="origin"/> names it in messages.</summary>
    /// <exception cref="FreeMaskException">The bytes are not an ONNX model.</exception>
    public static OnnxGraph Read(Stream stream, string origin)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var graph = new OnnxGraph(origin);
        var sawGraph = false;
        try
        {
            var fields = new ProtobufWalker(stream, stream.Length);
            while (fields.Next())
            {
                switch (fields.Field)
                {
                    case ModelIrVersion: graph.IrVersion = (long)fields.Varint; break;
                    case ModelProducer: graph.Producer = fields.ReadString() + graph.Producer; break;
                    case ModelProducerVersion: graph.Producer += " " + fields.ReadString(); break;
                    case ModelGraph: sawGraph = true; ReadGraph(fields.Enter(), graph); break;
                    case ModelOpset:
                        var opset = OperatorSetIdProto.Parser.ParseFrom(fields.ReadBytes());
                        graph.OpsetTable[opset.Domain == "ai.onnx" ? "" : opset.Domain] = opset.Version;
                        break;
                }
            }
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or EndOfStreamException or InvalidDataException)
        {
            throw new FreeMaskException($"{origin} is not a valid ONNX model (is it cut off?): {e.Message}", e);
        }

        if (!sawGraph) throw new FreeMaskException($"{origin} is not an ONNX model: it holds no graph.");
        graph.Index();
        return graph;
    }

    private static void ReadGraph(ProtobufWalker fields, OnnxGraph graph)
    {
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case GraphNode: graph.NodeList.Add(NodeProto.Parser.ParseFrom(fields.ReadBytes())); break;
                case GraphInitializer: ReadWeight(fields, graph); break;
                case GraphInput: graph.InputList.Add(ValueInfoProto.Parser.ParseFrom(fields.ReadBytes())); break;
                case GraphOutput: graph.OutputList.Add(ValueInfoProto.Parser.ParseFrom(fields.ReadBytes())); break;
            }
        }
    }

    private static void ReadWeight(ProtobufWalker fields, OnnxGraph graph)
    {
        if (fields.Length <= SmallTensor)
        {
            var tensor = TensorProto.Parser.ParseFrom(fields.ReadBytes());
            graph.WeightTable[tensor.Name] = new([.. tensor.Dims], tensor.DataType, tensor, LocationOf(tensor.ExternalData, graph));
            return;
        }

        var (name, type, dims, external) = ("", 0, new List<long>(), new List<StringStringEntryProto>());
        var inner = fields.Enter();
        while (inner.Next())
        {
            switch (inner.Field)
            {
                case TensorDims when inner.IsVarint: dims.Add((long)inner.Varint); break;
                case TensorDims:
                    var packed = new CodedInputStream(inner.ReadBytes());
                    while (!packed.IsAtEnd) dims.Add(packed.ReadInt64());
                    break;
                case TensorType: type = (int)inner.Varint; break;
                case TensorName: name = inner.ReadString(); break;
                case TensorExternal: external.Add(StringStringEntryProto.Parser.ParseFrom(inner.ReadBytes())); break;
            }
        }

        graph.WeightTable[name] = new(dims, type, null, LocationOf(external, graph));
    }

    private static string? LocationOf(IReadOnlyCollection<StringStringEntryProto> external, OnnxGraph graph)
    {
        if (external.FirstOrDefault(e => e.Key == "location")?.Value is not { } file) return null;
        graph.ExternalEnds[file] = Math.Max(graph.ExternalEnds.GetValueOrDefault(file), NumberOf("offset") + NumberOf("length"));
        return file;

        long NumberOf(string key) =>
            long.TryParse(external.FirstOrDefault(e => e.Key == key)?.Value, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
