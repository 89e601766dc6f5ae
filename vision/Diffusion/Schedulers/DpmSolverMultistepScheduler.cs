namespace FreeMask.Vision.Diffusion.Schedulers;

/// <summary>DPM-Solver++ of order 1 or 2 (Lu et al. 2022; diffusers, scheduling_dpmsolver_multistep.py).</summary>
internal sealed class DpmSolverMultistepScheduler : IScheduler
{
    // From so many steps on, the last one is stable at order 2.
    private const int ManySteps = 15;

    private readonly SchedulerConfig _config;
    private readonly NoiseSchedule _schedule;
    private readonly float[] _sigmas;

    internal DpmSolverMultistepScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps)
    {
        (_config, _schedule) = (config, schedule);
        var all = schedule.Sigmas();
        var timesteps = TimestepTable.MakeForDpmSolver(config, steps);
        var sigmas = Array.ConvertAll(timesteps, t => TimestepTable.At(all, t));
        if (config.KarrasSigmas)
        {
            sigmas = TimestepTable.Karras(all[^1], all[0], steps);
            timesteps = Array.ConvertAll(sigmas, s => Math.Round(TimestepTable.OfSigma(s, all), MidpointRounding.ToEven));
        }

        Timesteps = Array.ConvertAll(timesteps, t => (float)t);
        _sigmas = [.. sigmas.Select(s => (float)s), config.EndsAtSmallestSigma ? (float)all[0] : 0];
    }

    public IReadOnlyList<float> Timesteps { get; }

    public IReadOnlyList<float> Sigmas => _sigmas;

    public float InitNoiseSigma => 1;

    public SchedulerStep StepAt(int step)
    {
        var (alpha, sigma) = AlphaSigma(_sigmas[step]);
        var (nextAlpha, nextSigma) = AlphaSigma(_sigmas[step + 1]);
        var clean = _schedule.ToClean(alpha, sigma);
        // At sigma 0, lambda is infinite.
        var width = Lambda(_sigmas[step + 1]) - Lambda(_sigmas[step]);
        var take = nextAlpha * (1 - Math.Exp(-width));
        // Order 2 extrapolates x0 along lambda; the first step has no history.
        var form = _config.SolverHeun ? nextAlpha * (((Math.Exp(-width) - 1) / width) + 1) : 0.5 * take;
        var change = IsFirstOrder(step) ? 0 : form * width / (Lambda(_sigmas[step]) - Lambda(_sigmas[step - 1]));
        return new()
        {
            Estimate = new() { Latent = clean.X, Output = clean.Output },
            Next = new() { Latent = nextSigma / sigma, Estimate = take, Change = change },
            Remembers = StepMemory.Estimate,
        };
    }

    private bool IsFirstOrder(int step) => _config.SolverOrder == 1 || step == 0
        || (step == Timesteps.Count - 1 && (_config.EulerAtFinal || !_config.EndsAtSmallestSigma || (_config.LowerOrderFinal && Timesteps.Count < ManySteps)));

    private static (double Alpha, double Sigma) AlphaSigma(double sigma)
    {
        var alpha = 1 / Math.Sqrt((sigma * sigma) + 1);
        return (alpha, sigma * alpha);
    }

    /// <summary>log(alpha) - log(sigma alpha), half the log signal-to-noise ratio.</summary>
    private static double Lambda(double sigma) => -Math.Log(sigma);
}
