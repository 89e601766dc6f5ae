using FreeMask.Diffusion.Schedulers;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Stages;

/// <summary>The forward process of training: Stable Diffusion's <c>scaled_linear</c> schedule over 1000 timesteps, with the velocity as
/// target (Salimans and Ho, 2022).</summary>
internal static class DiffusionProcess
{
    /// <summary>The settings that the bundle's scheduler states too.</summary>
    internal static SchedulerConfig Config { get; } =
        new()
        {
            Kind = SchedulerKind.DpmSolverMultistep,
            Prediction = PredictionType.Velocity,
            Spacing = TimestepSpacing.Linspace,
        };

    /// <summary>Cumulative alphas.</summary>
    internal static NoiseSchedule Schedule { get; } = new(Config);

    /// <summary>Noisy latents sqrt(a) z + sqrt(1 - a) n and their velocities sqrt(a) n - sqrt(1 - a) z, one timestep per latent.</summary>
    internal static (Tensor Noisy, Tensor Velocity) AddNoise(Tensor latents, Tensor noise, IReadOnlyList<int> timesteps)
    {
        var signal = Column(timesteps, t => Math.Sqrt(Schedule[t]));
        var spread = Column(timesteps, t => Math.Sqrt(1 - Schedule[t]));
        return ((signal * latents).SafeAdd(spread * noise), (signal * noise) - (spread * latents));
    }

    private static Tensor Column(IReadOnlyList<int> timesteps, Func<int, double> value) =>
        tensor(timesteps.Select(t => (float)value(t)).ToArray()).view(-1, 1, 1, 1);
}
