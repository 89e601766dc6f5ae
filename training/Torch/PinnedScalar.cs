using System.Collections.Concurrent;
using TorchSharp;

namespace FreeMask.Training.Torch;

/// <summary>
/// Numbers for tensor arithmetic that stay alive. TorchSharp 0.107 makes a finalizable object of each number and passes only its pointer
/// on:
/// a garbage collection on another thread can free it while the kernel still reads it. Use it for constants and sizes, not for values that
/// keep changing.
/// </summary>
internal static class PinnedScalar
{
    private static readonly ConcurrentDictionary<double, Scalar> Reals = new();
    private static readonly ConcurrentDictionary<long, Scalar> Integers = new();

    internal static Scalar Of(double value) => Reals.GetOrAdd(value, v => v.ToScalar());

    internal static Scalar Of(long value) => Integers.GetOrAdd(value, v => v.ToScalar());

    internal static Scalar Of(int value) => Of((long)value);
}
