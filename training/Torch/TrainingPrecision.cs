using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Torch;

/// <summary>Arithmetic of the forward and backward passes; weights and optimizer are always 32-bit.</summary>
internal enum TrainingPrecision
{
    /// <summary>32-bit floats.</summary>
    Single,

    /// <summary>bfloat16: for GPUs with tensor cores; some processors with AVX512-BF16 gain by it too.</summary>
    BFloat16,
}

/// <summary>A module that multiplies in a precision of its own.</summary>
internal interface IMixedPrecision
{
    /// <summary>The precision of its products.</summary>
    TrainingPrecision Precision { get; set; }
}

/// <summary>
/// Products in bfloat16 of tensors that are 32-bit, as PyTorch's autocast computes them: matrices and convolutions are rounded before they
/// are multiplied, and the result is 32-bit again. Norms, softmax, losses and sums of branches stay 32-bit.
/// </summary>
internal static class MixedPrecision
{
    private const string Fp32 = "fp32", Bf16 = "bf16";

    /// <summary>Reads a name: <c>fp32</c> or <c>bf16</c>.</summary>
    /// <exception cref="FreeMaskException">It is no such name.</exception>
    public static TrainingPrecision Parse(string name) => name switch
    {
        Fp32 => TrainingPrecision.Single,
        Bf16 => TrainingPrecision.BFloat16,
        _ => throw new FreeMaskException($"'{name}' is no precision of trainings; there are {Fp32} and {Bf16}."),
    };

    /// <summary>The name that <see cref="Parse"/> reads.</summary>
    public static string Name(this TrainingPrecision precision) => precision == TrainingPrecision.BFloat16 ? Bf16 : Fp32;

    /// <summary>Sets the precision of all modules that have one.</summary>
    internal static void Set(Module module, TrainingPrecision precision)
    {
        foreach (var layer in module.modules().OfType<IMixedPrecision>()) layer.Precision = precision;
    }

    /// <summary>x Wᵀ + b over the last dimension.</summary>
    internal static Tensor Linear(this TrainingPrecision precision, Tensor x, Tensor weight, Tensor? bias) =>
        precision.Raise(functional.linear(precision.Lower(x), precision.Lower(weight), precision.LowerOrNull(bias)));

    /// <summary>A 2-D convolution.</summary>
    internal static Tensor Convolve(
        this TrainingPrecision precision, Tensor x, Tensor weight, Tensor? bias, long[] stride, long[] padding) =>
        precision.Raise(
            functional.conv2d(precision.Lower(x), precision.Lower(weight), precision.LowerOrNull(bias), stride, padding)
        );

    /// <summary>A product of matrices, or of stacks of them.</summary>
    internal static Tensor Multiply(this TrainingPrecision precision, Tensor a, Tensor b) =>
        precision.Raise(precision.Lower(a).matmul(precision.Lower(b)));

    private static Tensor? LowerOrNull(this TrainingPrecision precision, Tensor? x) => x is null ? null : precision.Lower(x);

    private static Tensor Lower(this TrainingPrecision precision, Tensor x) =>
        precision == TrainingPrecision.BFloat16 ? x.to_type(ScalarType.BFloat16) : x;

    private static Tensor Raise(this TrainingPrecision precision, Tensor x) =>
        precision == TrainingPrecision.BFloat16 ? x.to_type(ScalarType.Float32) : x;
}
