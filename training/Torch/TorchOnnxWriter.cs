using FreeMask.Onnx;
using static TorchSharp.torch;

namespace FreeMask.Training.Torch;

/// <summary>Writes layers of TorchSharp as nodes of an ONNX graph: what the writers of all networks share.</summary>
/// <param name="builder">The graph.</param>
internal abstract class TorchOnnxWriter(OnnxGraphBuilder builder)
{
    /// <summary>The graph.</summary>
    internal OnnxGraphBuilder Builder { get; } = builder;

    /// <summary>A tensor's elements in single precision, row-major.</summary>
    internal static float[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().cpu().to(ScalarType.Float32).contiguous().data<float>().ToArray();
    }

    internal string Add(string a, string b) => Builder.Op("Add", [a, b]);

    internal string Multiply(string a, string b) => Builder.Op("Mul", [a, b]);

    internal string MatMul(string a, string b) => Builder.Op("MatMul", [a, b]);
}
