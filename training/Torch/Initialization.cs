using FreeMask.Randomness;
using static TorchSharp.torch;

namespace FreeMask.Training.Torch;

/// <summary>Fills tensors from the project's own generator; each tensor's numbers depend on (seed, its name) alone.</summary>
internal static class Initialization
{
    /// <summary>Normal numbers of mean 0.</summary>
    internal static void Normal(Tensor target, double deviation, ulong seed, string name)
    {
        var random = new CounterRandom(seed, "init:" + name);
        Fill(target, () => (float)(deviation * random.NextGaussian()));
    }

    /// <summary>Uniform numbers in [-bound, bound).</summary>
    internal static void Uniform(Tensor target, double bound, ulong seed, string name)
    {
        var random = new CounterRandom(seed, "init:" + name);
        Fill(target, () => (float)random.NextDouble(-bound, bound));
    }

    /// <summary>Glorot's uniform rule for a matrix [out, in]: bound √(6 / (in + out)).</summary>
    internal static void XavierUniform(Tensor target, ulong seed, string name) =>
        Uniform(target, Math.Sqrt(6.0 / (target.shape[0] + target.shape[1])), seed, name);

    /// <summary>He's normal rule by fan-out, as ResNet uses for convolutions [out, in, k, k]: deviation √(2 / (out k²)).</summary>
    internal static void HeFanOut(Tensor target, ulong seed, string name) =>
        Normal(target, Math.Sqrt(2.0 / (target.shape[0] * target.shape[2] * target.shape[3])), seed, name);

    private static void Fill(Tensor target, Func<float> next)
    {
        var values = new float[target.numel()];
        for (var i = 0; i < values.Length; i++) values[i] = next();
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        target.copy_(tensor(values, target.shape, device: CPU));
    }
}
