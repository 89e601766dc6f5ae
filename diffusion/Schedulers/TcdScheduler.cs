namespace FreeMask.Diffusion.Schedulers;

/// <summary>
/// Sampling of models from trajectory consistency distillation (Zheng et al. 2024, equation 14; diffusers, scheduling_tcd.py): each step
/// goes to a timestep before its target, whose share is gamma, and noises the latent up to it.
/// </summary>
internal sealed class TcdScheduler : IScheduler
{
    private const float Gamma = 0.3f;

    private readonly NoiseSchedule _schedule;
    private readonly int[] _timesteps;

    internal TcdScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps)
    {
        _schedule = schedule;
        _timesteps = TimestepTable.OfDistilled(config, steps);
    }

    public IReadOnlyList<float> Timesteps => Array.ConvertAll(_timesteps, t => (float)t);

    public IReadOnlyList<float> Sigmas => [];

    public float InitNoiseSigma => 1;

    public SchedulerStep StepAt(int step)
    {
        var last = step == _timesteps.Length - 1;
        var target = last ? 0 : _timesteps[step + 1];
        var (alpha, between) = (_schedule[_timesteps[step]], _schedule[(int)MathF.Floor((1 - Gamma) * target)]);
        var (root, rest) = (Math.Sqrt(alpha), Math.Sqrt(1 - alpha));
        var clean = _schedule.ToClean(root, rest);
        var keep = last ? 1 : _schedule[target] / between;
        var (toClean, toNoise) = (Math.Sqrt(keep * between), Math.Sqrt(keep * (1 - between)));
        return SchedulerStep.Through(
            clean,
            toClean,
            new()
            {
                Latent = toNoise * (1 - (root * clean.X)) / rest,
                Output = -toNoise * root * clean.Output / rest,
                Noise = Math.Sqrt(1 - keep),
            },
            clip: false
        );
    }
}
