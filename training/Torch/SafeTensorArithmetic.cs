using TorchSharp;
using static TorchSharp.torch;

namespace FreeMask.Training.Torch;

/// <summary>
/// Sums of tensors. The + of TorchSharp 0.107 passes a factor of 1 that nothing keeps alive (see <see cref="PinnedScalar"/>): freed while
/// the kernel reads it, it ends the training with an error of the native library, or scales the right side by whatever lies in its place.
/// </summary>
internal static class SafeTensorArithmetic
{
    internal static Tensor SafeAdd(this Tensor left, Tensor right) => left.add(right, PinnedScalar.Of(1));

    internal static Tensor SafeAdd(this Tensor left, Scalar right) => left.add(right, PinnedScalar.Of(1));

    /// <summary>The product with a number that changes from call to call.</summary>
    internal static Tensor SafeMultiply(this Tensor tensor, double factor)
    {
        using var scalar = factor.ToScalar();
        return tensor.mul(scalar);
    }

    /// <summary>The square of each element; TorchSharp's own is a power with a temporary exponent.</summary>
    internal static Tensor SafeSquare(this Tensor tensor) => tensor.mul(tensor);
}
