namespace FreeMask.Diffusion.Schedulers;

/// <summary>DPM-Solver++ of order 1 or 2 (Lu et al. 2022; diffusers, scheduling_dpmsolver_multistep.py).</summary>
internal sealed class DpmSolverMultistepScheduler : SigmaScheduler
{
    // From so many steps on, the last one is stable at order 2.
    private const int ManySteps = 15;

    private readonly SchedulerConfig _config;

    internal DpmSolverMultistepScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps)
        : base(schedule, SigmaSteps.MakeForDpmSolver(config, schedule, steps))
    {
        _config = config;
    }

    public override SchedulerStep StepAt(int step)
    {
        var (alpha, sigma) = SigmaSteps.AlphaSigma(Steps.Sigmas[step]);
        var (nextAlpha, nextSigma) = SigmaSteps.AlphaSigma(Steps.Sigmas[step + 1]);
        var clean = Schedule.ToClean(alpha, sigma);
        // At sigma 0, lambda is infinite.
        var width = SigmaSteps.Lambda(Steps.Sigmas[step + 1]) - SigmaSteps.Lambda(Steps.Sigmas[step]);
        var take = nextAlpha * (1 - Math.Exp(-width));
        // Order 2 extrapolates x0 along lambda; the first step has no history.
        var change = 0.0;
        if (!IsFirstOrder(step))
        {
            var before = SigmaSteps.Lambda(Steps.Sigmas[step]) - SigmaSteps.Lambda(Steps.Sigmas[step - 1]);
            change = _config.SolverHeun
                ? nextAlpha * (((Math.Exp(-width) - 1) / width) + 1) * (width / before)
                : take * (0.5 * width / before);
        }

        return new()
        {
            Estimate = new() { Latent = clean.X, Output = clean.Output },
            Next = new() { Latent = nextSigma / sigma, Estimate = take, Change = change },
            Remembers = StepMemory.Estimate,
        };
    }

    private bool IsFirstOrder(int step) =>
        _config.SolverOrder == 1
        || step == 0
        || (
            step == Timesteps.Count - 1
            && (_config.EulerAtFinal || !_config.EndsAtSmallestSigma || (_config.LowerOrderFinal && Timesteps.Count < ManySteps))
        );
}
