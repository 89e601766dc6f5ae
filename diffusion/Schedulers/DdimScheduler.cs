namespace FreeMask.Diffusion.Schedulers;

/// <summary>DDIM with eta 0 (diffusers, scheduling_ddim.py).</summary>
internal sealed class DdimScheduler : IScheduler
{
    private readonly SchedulerConfig _config;
    private readonly NoiseSchedule _schedule;
    private readonly int[] _timesteps;

    internal DdimScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps)
    {
        _config = config;
        _schedule = schedule;
        _timesteps = Array.ConvertAll(TimestepTable.Make(config, steps, round: true), t => (int)t);
    }

    public IReadOnlyList<float> Timesteps => Array.ConvertAll(_timesteps, t => (float)t);

    public IReadOnlyList<float> Sigmas => [];

    public float InitNoiseSigma => 1;

    public SchedulerStep StepAt(int step)
    {
        var alpha = _schedule[_timesteps[step]];
        var previous = _timesteps[step] - (_config.TrainTimesteps / _timesteps.Length);
        var target = previous >= 0 ? _schedule[previous] : _config.SetAlphaToOne ? 1 : _schedule[0];
        var (root, rest) = (Math.Sqrt(alpha), Math.Sqrt(1 - alpha));
        var clean = _schedule.ToClean(root, rest);
        // The noise is taken from x and the unclipped x0, as diffusers does, so clipping changes x0 alone.
        var (noiseX, noiseOutput) = ((1 - (root * clean.X)) / rest, -root * clean.Output / rest);
        var (toClean, toNoise) = (Math.Sqrt(target), Math.Sqrt(1 - target));
        return SchedulerStep.Through(
            clean,
            toClean,
            new() { Latent = toNoise * noiseX, Output = toNoise * noiseOutput },
            _config.ClipSample
        );
    }
}
