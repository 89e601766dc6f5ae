namespace FreeMask.Diffusion.Schedulers;

/// <summary>
/// Linear multistep in sigma space: the slopes of the last four steps are joined by a polynomial, which is integrated over the next step
/// (Adams-Bashforth with uneven steps; k-diffusion, sample_lms; diffusers, scheduling_lms_discrete.py).
/// </summary>
internal sealed class LmsScheduler : SigmaScheduler
{
    private const int Order = 4;

    // Gauss-Legendre's places and weights on -1 .. 1; three of them are exact up to degree 5, more than the polynomial's.
    private static readonly (double Place, double Weight)[] Gauss = [(-Math.Sqrt(0.6), 5 / 9.0), (0, 8 / 9.0), (Math.Sqrt(0.6), 5 / 9.0)];

    internal LmsScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps)
        : base(schedule, SigmaSteps.Make(config, schedule, steps, config.KarrasSigmas))
    {
    }

    public override SchedulerStep StepAt(int step)
    {
        double sigma = Steps.Sigmas[step];
        var clean = Schedule.ToClean(1, sigma);
        return new()
        {
            InputScale = SigmaSteps.InputScale(sigma),
            Estimate = new() { Latent = (1 - clean.X) / sigma, Output = -clean.Output / sigma },
            Next = new()
            {
                Latent = 1,
                Estimate = Share(step, 0),
                Newest = Share(step, 1),
                Second = Share(step, 2),
                Third = Share(step, 3),
            },
            Remembers = StepMemory.Estimate,
        };
    }

    /// <summary>The integral over the step of the polynomial that is 1 at the slope of so many steps ago, and 0 at the others.</summary>
    private double Share(int step, int back)
    {
        var order = Math.Min(step + 1, Order);
        if (back >= order) return 0;
        double from = Steps.Sigmas[step], to = Steps.Sigmas[step + 1];
        var (half, sum) = ((to - from) / 2, 0.0);
        foreach (var (place, weight) in Gauss)
        {
            var at = from + (half * (1 + place));
            var value = weight;
            for (var other = 0; other < order; other++)
                if (other != back) value *= (at - Steps.Sigmas[step - other]) / (Steps.Sigmas[step - back] - Steps.Sigmas[step - other]);
            sum += value;
        }

        return sum * half;
    }
}
