namespace FreeMask.Diffusion.Schedulers;

/// <summary>
/// DEIS of order 1 or 2: exact in the latent, the noise a line over log(rho) through its last two values, rho = sigma / alpha (Zhang and
/// Chen 2023, tAB-DEIS; diffusers, scheduling_deis_multistep.py). It ends at the smallest sigma of training.
/// </summary>
internal sealed class DeisScheduler : SigmaScheduler
{
    // From so many steps on, the last one is stable at order 2.
    private const int ManySteps = 15;

    private readonly SchedulerConfig _config;

    internal DeisScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps)
        : base(schedule, SigmaSteps.MakeForDpmSolver(config with { EndsAtSmallestSigma = true }, schedule, steps))
    {
        _config = config;
    }

    public override SchedulerStep StepAt(int step)
    {
        double from = Steps.Sigmas[step], to = Steps.Sigmas[step + 1];
        var ((alpha, sigma), (nextAlpha, _)) = (SigmaSteps.AlphaSigma(from), SigmaSteps.AlphaSigma(to));
        var clean = Schedule.ToClean(alpha, sigma);
        var first =
            _config.SolverOrder == 1
            || step == 0
            || (step == Timesteps.Count - 1 && _config.LowerOrderFinal && Timesteps.Count < ManySteps);
        var (now, older) = first
            ? (to - from, 0)
            : (Share(from, to, from, Steps.Sigmas[step - 1]), Share(from, to, Steps.Sigmas[step - 1], from));
        return new()
        {
            // The noise.
            Estimate = new() { Latent = (1 - (alpha * clean.X)) / sigma, Output = -alpha * clean.Output / sigma },
            Next = new() { Latent = nextAlpha / alpha, Estimate = nextAlpha * now, Newest = nextAlpha * older },
            Remembers = StepMemory.Estimate,
        };
    }

    /// <summary>The integral over rho, from one level to another, of the line over log(rho) that is 1 at one place and 0 at the
    /// other.</summary>
    private static double Share(double from, double to, double one, double zero)
    {
        double Antiderivative(double rho) => rho * (Math.Log(rho) - 1 - Math.Log(zero)) / (Math.Log(one) - Math.Log(zero));
        return Antiderivative(to) - Antiderivative(from);
    }
}
