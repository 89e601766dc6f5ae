namespace FreeMask.Vision.Diffusion.Schedulers;

/// <summary>DPM-Solver++ of order 2, midpoint, final sigma 0 (diffusers, scheduling_dpmsolver_multistep.py).</summary>
internal sealed class DpmSolverMultistepScheduler : IScheduler
{
    private readonly NoiseSchedule _schedule;
    private readonly float[] _sigmas;

    internal DpmSolverMultistepScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps)
    {
        _schedule = schedule;
        var all = schedule.Sigmas();
        var timesteps = TimestepTable.MakeForDpmSolver(config, steps);
        var sigmas = Array.ConvertAll(timesteps, t => TimestepTable.At(all, t));
        if (config.KarrasSigmas)
        {
            sigmas = TimestepTable.Karras(all[^1], all[0], steps);
            timesteps = Array.ConvertAll(sigmas, s => Math.Round(TimestepTable.OfSigma(s, all), MidpointRounding.ToEven));
        }

        Timesteps = Array.ConvertAll(timesteps, t => (float)t);
        _sigmas = [.. sigmas.Select(s => (float)s), 0];
    }

    public IReadOnlyList<float> Timesteps { get; }

    public IReadOnlyList<float> Sigmas => _sigmas;

    public float InitNoiseSigma => 1;

    public SchedulerStep StepAt(int step)
    {
        var (alpha, sigma) = AlphaSigma(_sigmas[step]);
        var (nextAlpha, nextSigma) = AlphaSigma(_sigmas[step + 1]);
        var clean = _schedule.ToClean(alpha, sigma);
        var last = step == Timesteps.Count - 1;
        var width = last ? double.PositiveInfinity : Lambda(_sigmas[step + 1]) - Lambda(_sigmas[step]);
        var take = nextAlpha * (1 - Math.Exp(-width));
        // Order 2 extrapolates x0 along lambda; the first step has no history, and the last goes to lambda = infinity.
        var slope = step == 0 || last ? 0 : 0.5 * width / (Lambda(_sigmas[step]) - Lambda(_sigmas[step - 1]));
        return new()
        {
            Estimate = new() { Latent = clean.X, Output = clean.Output },
            Next = new() { Latent = nextSigma / sigma, Estimate = take, Change = take * slope },
            Remembers = StepMemory.Estimate,
        };
    }

    private static (double Alpha, double Sigma) AlphaSigma(double sigma)
    {
        var alpha = 1 / Math.Sqrt((sigma * sigma) + 1);
        return (alpha, sigma * alpha);
    }

    /// <summary>log(alpha) - log(sigma alpha), half the log signal-to-noise ratio.</summary>
    private static double Lambda(double sigma) => -Math.Log(sigma);
}
