namespace FreeMask.Diffusion.Schedulers;

/// <summary>Euler steps in sigma space, plain or ancestral (diffusers, scheduling_euler_discrete.py and scheduling_euler_ancestral_discrete.py).</summary>
internal sealed class EulerScheduler : IScheduler
{
    private readonly NoiseSchedule _schedule;
    private readonly bool _ancestral;
    private readonly SigmaSteps _steps;

    internal EulerScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps, bool ancestral)
    {
        _schedule = schedule;
        _ancestral = ancestral;
        _steps = SigmaSteps.Make(config, schedule, steps, config.KarrasSigmas && !ancestral, config.EndsAtSmallestSigma && !ancestral);
    }

    public IReadOnlyList<float> Timesteps => _steps.Timesteps;

    public IReadOnlyList<float> Sigmas => _steps.Sigmas;

    public float InitNoiseSigma => _steps.InitNoiseSigma;

    public SchedulerStep StepAt(int step)
    {
        double sigma = _steps.Sigmas[step], next = _steps.Sigmas[step + 1];
        var (up, down) = (0.0, next);
        if (_ancestral)
        {
            up = Math.Sqrt(next * next * ((sigma * sigma) - (next * next)) / (sigma * sigma));
            down = Math.Sqrt((next * next) - (up * up));
        }

        // x + (x - x0) / sigma (down - sigma)
        var clean = _schedule.ToClean(1, sigma);
        var move = (down - sigma) / sigma;
        return new()
        {
            InputScale = SigmaSteps.InputScale(sigma),
            Next = new() { Latent = 1 + (move * (1 - clean.X)), Output = -move * clean.Output, Noise = up },
        };
    }
}
