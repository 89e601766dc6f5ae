using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Stages;

/// <summary>Stable Diffusion's <c>scaled_linear</c> schedule over 1000 steps, and the velocity target (Salimans and Ho, 2022).</summary>
internal static class NoiseSchedule
{
    internal const int Steps = 1000;
    internal const double FirstBeta = 0.00085, LastBeta = 0.012;

    /// <summary>Cumulative products of 1 - beta.</summary>
    internal static double[] AlphaBars { get; } = Build();

    /// <summary>Noisy latents sqrt(a) z + sqrt(1 - a) n and their velocities sqrt(a) n - sqrt(1 - a) z, one timestep per latent.</summary>
    internal static (Tensor Noisy, Tensor Velocity) Diffuse(Tensor latents, Tensor noise, IReadOnlyList<int> timesteps)
    {
        var signal = Column(timesteps, t => Math.Sqrt(AlphaBars[t]));
        var spread = Column(timesteps, t => Math.Sqrt(1 - AlphaBars[t]));
        return ((signal * latents).Plus(spread * noise), (signal * noise) - (spread * latents));
    }

    private static Tensor Column(IReadOnlyList<int> timesteps, Func<int, double> value) =>
        tensor(timesteps.Select(t => (float)value(t)).ToArray()).view(-1, 1, 1, 1);

    private static double[] Build()
    {
        var products = new double[Steps];
        var product = 1.0;
        for (var i = 0; i < Steps; i++)
        {
            var root = Math.Sqrt(FirstBeta) + ((Math.Sqrt(LastBeta) - Math.Sqrt(FirstBeta)) * i / (Steps - 1));
            products[i] = product *= 1 - (root * root);
        }

        return products;
    }
}
