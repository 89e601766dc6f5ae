using FreeMask.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace FreeMask.Onnx;

/// <summary>
/// Runs a model with its inputs and outputs bound: an input that was given once stays given, on the device, until it is given anew, and
/// outputs stay there where this is wanted. For one caller at a time; several bindings of one session may be used at once.
/// </summary>
internal sealed class OnnxIoBinding : IDisposable
{
    /// <summary>ONNX Runtime's name for the process's own memory.</summary>
    internal const string HostMemory = "Cpu";

    private readonly OnnxSession _session;
    private readonly InferenceSession _native;
    private readonly OrtIoBinding _binding;
    private readonly OrtMemoryInfo _device;
    private readonly OrtMemoryInfo _host = new(HostMemory, OrtAllocatorType.DeviceAllocator, 0, OrtMemType.Default);
    private readonly Dictionary<string, OrtValue> _kept = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<long>> _shapes = new(StringComparer.Ordinal);

    internal OnnxIoBinding(OnnxSession session, InferenceSession native, string memory, int device)
    {
        _session = session;
        _native = native;
        _binding = native.CreateIoBinding();
        _device = new(memory, OrtAllocatorType.DeviceAllocator, device, OrtMemType.Default);
    }

    /// <summary>Gives an input, converted to what the model takes and brought to its device now.</summary>
    /// <exception cref="FreeMaskException">There is no such input, or it takes other shapes or values.</exception>
    internal void BindInput(string name, FloatTensor tensor) => Keep(name, _session.ValueOf(name, tensor));

    /// <summary>Gives a vector in double precision; in single precision to a model that takes that.</summary>
    internal void BindInput(string name, double[] values)
    {
        var isSingle = _session.FindInput(name)!.ElementType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float;
        Keep(name, isSingle
            ? OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, v => (float)v), [values.Length])
            : OrtValue.CreateTensorValueFromMemory(values, [values.Length]));
    }

    /// <summary>Gives a value, which stays the caller's and must live until after the run.</summary>
    internal void BindInput(string name, OrtValue value)
    {
        _binding.BindInput(name, value);
        _shapes[name] = value.GetTensorTypeAndShape().Shape;
        Forget(name);
    }

    /// <summary>Runs the model.</summary>
    /// <param name="outputs">Names of the outputs wanted, and whether they stay in the device's memory.</param>
    /// <returns>The outputs, in the order asked for, for the caller to dispose of.</returns>
    /// <exception cref="FreeMaskException">An input was not given, or the run fails.</exception>
    internal IReadOnlyList<OrtValue> Run(params IReadOnlyList<(string Name, bool OnDevice)> outputs)
    {
        foreach (var required in _session.Inputs)
            if (!_shapes.ContainsKey(required.Name))
                throw new FreeMaskException($"{_session.Path} needs the input {required}, which was not given.");
        try
        {
            _binding.ClearBoundOutputs();
            foreach (var (name, onDevice) in outputs) _binding.BindOutputToDevice(name, onDevice ? _device : _host);
            using var run = new RunOptions();
            _binding.SynchronizeBoundInputs();
            // The list owns nothing: disposing of it would dispose of the values, so it is left to the collector.
            return _native.RunWithBoundResults(run, _binding);
        }
        catch (OnnxRuntimeException e)
        {
            throw _session.Failed(_shapes.Select(s => (s.Key, s.Value)), e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _binding.Dispose();
        foreach (var value in _kept.Values) value.Dispose();
        _kept.Clear();
        _device.Dispose();
        _host.Dispose();
    }

    private void Keep(string name, OrtValue value)
    {
        BindInput(name, value);
        // Where the device's memory is the process's own, the run reads the value itself.
        _kept[name] = value;
    }

    private void Forget(string name)
    {
        if (_kept.Remove(name, out var old)) old.Dispose();
    }
}
