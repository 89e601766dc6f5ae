namespace FreeMask.Diffusion.Schedulers;

/// <summary>
/// UniPC of order 1 or 2, predicting x0 (Zhao et al. 2023, algorithms 1 and 2; diffusers, scheduling_unipc_multistep.py). Each step first
/// corrects the latent with the model's new output (UniC), then goes on from the corrected one (UniP).
/// </summary>
/// <remarks>
/// UniC starts from the corrected latent of the step before, which need not be kept: the present latent was made of it by that step's UniP,
/// whose share of the old latent is the same as UniC's. What remains is a sum of the present latent and clean latents.
/// </remarks>
internal sealed class UniPcScheduler : SigmaScheduler
{
    private readonly SchedulerConfig _config;

    internal UniPcScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps)
        : base(schedule, SigmaSteps.MakeForDpmSolver(config, schedule, steps))
    {
        _config = config;
    }

    public override SchedulerStep StepAt(int step)
    {
        var (alpha, sigma) = SigmaSteps.AlphaSigma(Steps.Sigmas[step]);
        var clean = Schedule.ToClean(alpha, sigma);
        var predicted = Predict(step);
        // Corrected latent: the present one, and shares of the clean latents of this step, the one before, and the one before that.
        var (now, before, older) = step == 0 ? (0, 0, 0) : Correct(step);
        return new()
        {
            Estimate = new() { Latent = clean.X, Output = clean.Output },
            Next = new()
            {
                Latent = predicted.Latent,
                Estimate = (predicted.Latent * now) + predicted.Now,
                Newest = (predicted.Latent * before) + predicted.Before,
                Second = predicted.Latent * older,
            },
            Remembers = StepMemory.Estimate,
        };
    }

    private int OrderOf(int step)
    {
        var order = _config.LowerOrderFinal ? Math.Min(_config.SolverOrder, Timesteps.Count - step) : _config.SolverOrder;
        return Math.Min(order, step + 1);
    }

    /// <summary>UniP: shares of the latent, of this step's clean latent and of the one before.</summary>
    private (double Latent, double Now, double Before) Predict(int step)
    {
        var (width, alpha, growth, kind) = Step(step);
        var share = SigmaSteps.AlphaSigma(Steps.Sigmas[step + 1]).Sigma / SigmaSteps.AlphaSigma(Steps.Sigmas[step]).Sigma;
        if (OrderOf(step) == 1) return (share, -alpha * growth, 0);
        var slope = -0.5 * alpha * kind / Ratio(step, width);
        return (share, (-alpha * growth) - slope, slope);
    }

    /// <summary>UniC, less what UniP had given: shares of this step's clean latent, of the one before, and of the one before
    /// that.</summary>
    private (double Now, double Before, double Older) Correct(int step)
    {
        var (_, given, givenOlder) = Predict(step - 1);
        var (width, alpha, growth, kind) = Step(step - 1);
        if (OrderOf(step - 1) == 1)
        {
            var half = -0.5 * alpha * kind;
            return (half, (-alpha * growth) - half - given, 0);
        }

        // The two weights that make UniC exact for polynomials of degree 2: rho1 + rho2 = b1, ratio rho1 + rho2 = b2.
        var ratio = Ratio(step - 1, width);
        var first = (growth / -width) - 1;
        var (b1, b2) = (first / kind, 2 * ((first / -width) - 0.5) / kind);
        var rho1 = (b1 - b2) / (1 - ratio);
        var (now, older) = (-alpha * kind * (b1 - rho1), -alpha * kind * rho1 / ratio);
        return (now, (-alpha * growth) - now - older - given, older - givenOlder);
    }

    /// <summary>The step's width in lambda, alpha at its end, e^-width - 1, and B(h).</summary>
    private (double Width, double Alpha, double Growth, double Kind) Step(int step)
    {
        var width = SigmaSteps.Lambda(Steps.Sigmas[step + 1]) - SigmaSteps.Lambda(Steps.Sigmas[step]);
        var growth = double.IsPositiveInfinity(width) ? -1 : Math.Exp(-width) - 1;
        return (width, SigmaSteps.AlphaSigma(Steps.Sigmas[step + 1]).Alpha, growth, _config.SolverBh1 ? -width : growth);
    }

    /// <summary>Where the step before began, in widths of this step; negative.</summary>
    private double Ratio(int step, double width) =>
        (SigmaSteps.Lambda(Steps.Sigmas[step - 1]) - SigmaSteps.Lambda(Steps.Sigmas[step])) / width;
}
