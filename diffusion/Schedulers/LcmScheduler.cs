namespace FreeMask.Diffusion.Schedulers;

/// <summary>Multistep sampling of latent consistency models (diffusers, scheduling_lcm.py).</summary>
internal sealed class LcmScheduler : IScheduler
{
    private const double SigmaData = 0.5;

    private readonly SchedulerConfig _config;
    private readonly NoiseSchedule _schedule;
    private readonly int[] _timesteps;

    internal LcmScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps)
    {
        _config = config;
        _schedule = schedule;
        _timesteps = TimestepTable.OfDistilled(config, steps);
    }

    public IReadOnlyList<float> Timesteps => Array.ConvertAll(_timesteps, t => (float)t);

    public IReadOnlyList<float> Sigmas => [];

    public float InitNoiseSigma => 1;

    public SchedulerStep StepAt(int step)
    {
        var alpha = _schedule[_timesteps[step]];
        var clean = _schedule.ToClean(Math.Sqrt(alpha), Math.Sqrt(1 - alpha));
        var scaled = _timesteps[step] * _config.LcmTimestepScaling;
        var variance = (scaled * scaled) + (SigmaData * SigmaData);
        var (skip, take) = (SigmaData * SigmaData / variance, scaled / Math.Sqrt(variance));
        // The last step ends at the denoised latent; the others noise it again.
        var target = step < _timesteps.Length - 1 ? _schedule[_timesteps[step + 1]] : 1;
        var (toClean, toNoise) = (Math.Sqrt(target), Math.Sqrt(1 - target));
        return SchedulerStep.Through(clean, toClean * take, new() { Latent = toClean * skip, Noise = toNoise }, _config.ClipSample);
    }
}
