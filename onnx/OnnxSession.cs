using System.Globalization;
using FreeMask.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace FreeMask.Onnx;

/// <summary>An input or output of a session.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ElementType">Its element type.</param>
/// <param name="Dimensions">Its declared dimensions; -1 where free. Exporters label outputs carelessly, so only inputs are checked.</param>
internal sealed record OnnxPort(string Name, TensorElementType ElementType, IReadOnlyList<int> Dimensions)
{
    /// <summary>The declared number of dimensions.</summary>
    public int Rank => Dimensions.Count;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Name} {ElementType}[{string.Join(", ", Dimensions.Select(Size))}]";

    private static string Size(int dimension) => dimension < 0 ? "?" : dimension.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// A loaded ONNX model. Callers give and get float32; the session converts at the border to whatever element types the file declares
/// (float, half, bfloat16, double, int32, int64). Thread-safe.
/// </summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OnnxSessionOptions _options;
    private readonly Dictionary<string, OnnxPort> _inputs;
    private readonly Dictionary<string, OnnxPort> _optional;

    private OnnxSession(string path, InferenceSession session, OnnxSessionOptions options)
    {
        Path = path;
        _session = session;
        _options = options;
        _inputs = session.InputMetadata.ToDictionary(p => p.Key, p => Port(p.Key, p.Value), StringComparer.Ordinal);
        _optional = session.OverridableInitializerMetadata.ToDictionary(p => p.Key, p => Port(p.Key, p.Value), StringComparer.Ordinal);
        Outputs = [.. session.OutputMetadata.Select(p => Port(p.Key, p.Value))];
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Inputs that every run must give.</summary>
    public IReadOnlyCollection<OnnxPort> Inputs => _inputs.Values;

    /// <summary>Outputs, in the file's order.</summary>
    public IReadOnlyList<OnnxPort> Outputs { get; }

    /// <summary>Loads a model, external data included.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="appendix">
    /// Bytes of a serialized ModelProto that are merged into the file's: protobuf merges repeated fields of embedded messages, so nodes,
    /// weights, inputs and outputs can be added to a graph without decoding it.
    /// </param>
    /// <exception cref="FreeMaskException">The file or its external data is missing, is no ONNX model, or needs operators that the provider
    /// lacks.</exception>
    public static OnnxSession Load(string path, OnnxSessionOptions? options = null, ReadOnlyMemory<byte> appendix = default)
    {
        var graph = OnnxGraphReader.Read(path);
        ModelFiles.RequireWeights(graph);
        var run = options ?? new();
        try
        {
            return new(path, OptimizedGraphs.Open(path, run, appendix, settings => ExternalWeights.Open(graph, settings, appendix)), run);
        }
        catch (OnnxRuntimeException e)
        {
            throw new FreeMaskException($"{path} cannot be loaded by ONNX Runtime: {FirstLine(e)}", e);
        }
    }

    /// <summary>Loads a model that the project wrote itself.</summary>
    /// <param name="model">The bytes of its file.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">How to run it.</param>
    internal static OnnxSession FromBytes(byte[] model, string name, OnnxSessionOptions options)
    {
        using var settings = OnnxProviders.MakeOptions(options);
        return new(name, new InferenceSession(model, settings), options);
    }

    /// <summary>The input of that name, or null.</summary>
    public OnnxPort? FindInput(string name) => _inputs.GetValueOrDefault(name) ?? _optional.GetValueOrDefault(name);

    /// <summary>Runs the model.</summary>
    /// <param name="inputs">Values by input name. Integer inputs must be given whole numbers.</param>
    /// <param name="outputs">Names of the outputs wanted.</param>
    /// <returns>The outputs as float32, in the order asked for.</returns>
    /// <exception cref="FreeMaskException">An input is missing, unknown, or of a shape or value that the model does not take.</exception>
    public IReadOnlyList<FloatTensor> Run(IReadOnlyDictionary<string, FloatTensor> inputs, params IReadOnlyList<string> outputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        foreach (var required in _inputs.Keys)
            if (!inputs.ContainsKey(required))
                throw new FreeMaskException($"{Path} needs the input {_inputs[required]}, which was not given.");
        var values = new List<OrtValue>(inputs.Count);
        try
        {
            foreach (var (name, tensor) in inputs) values.Add(ValueOf(name, tensor));
            using var run = new RunOptions();
            using var results = _session.Run(run, [.. inputs.Keys], values, [.. outputs]);
            return [.. results.Select(OnnxValues.ToTensor)];
        }
        catch (OnnxRuntimeException e)
        {
            throw Failed(inputs.Select(p => (p.Key, p.Value.Shape)), e);
        }
        finally
        {
            foreach (var value in values) value.Dispose();
        }
    }

    /// <summary>A way to run the model on values that stay where they are: in the memory of the session's device.</summary>
    internal OnnxIoBinding Bind() =>
        new(this, _session, OnnxProviders.DeviceMemory(_options) ?? OnnxIoBinding.HostMemory, OnnxProviders.DeviceId(_options));

    /// <summary>A tensor as the input of that name takes it; the value may share the tensor's memory.</summary>
    /// <exception cref="FreeMaskException">There is no such input, or it takes other shapes or values.</exception>
    internal OrtValue ValueOf(string name, FloatTensor tensor)
    {
        var port =
            FindInput(name)
            ?? throw new FreeMaskException($"{Path} has no input named {name}; it has {string.Join(", ", _inputs.Values)}.");
        var fits = port.Rank == tensor.Shape.Count && port.Dimensions.Zip(tensor.Shape).All(d => d.First < 0 || d.First == d.Second);
        if (!fits && !(_optional.ContainsKey(name) && port.Rank == tensor.Shape.Count))
            throw new FreeMaskException($"{Path} takes {port}, but was given the shape [{string.Join(", ", tensor.Shape)}].");
        return OnnxValues.FromTensor(tensor, port.ElementType, $"{Path}, input {name}");
    }

    /// <summary>What to say of a run that failed.</summary>
    internal FreeMaskException Failed(IEnumerable<(string Name, IReadOnlyList<long> Shape)> inputs, OnnxRuntimeException e)
    {
        var given = string.Join("; ", inputs.Select(i => $"{i.Name} [{string.Join(", ", i.Shape)}]"));
        return new($"{Path} failed for the inputs {given}: {FirstLine(e)}", e);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private static OnnxPort Port(string name, NodeMetadata metadata) => new(name, metadata.ElementDataType, metadata.Dimensions);

    private static string FirstLine(Exception e) => e.Message.Split('\n')[0].Trim();
}
