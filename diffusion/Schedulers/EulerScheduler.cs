namespace FreeMask.Diffusion.Schedulers;

/// <summary>Euler steps in sigma space, plain or ancestral (diffusers, scheduling_euler_discrete.py and
/// scheduling_euler_ancestral_discrete.py).</summary>
internal sealed class EulerScheduler : SigmaScheduler
{
    private readonly bool _ancestral;

    internal EulerScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps, bool ancestral)
        : base(
            schedule,
            SigmaSteps.Make(config, schedule, steps, config.KarrasSigmas && !ancestral, config.EndsAtSmallestSigma && !ancestral)
        )
    {
        _ancestral = ancestral;
    }

    public override SchedulerStep StepAt(int step)
    {
        double sigma = Steps.Sigmas[step], next = Steps.Sigmas[step + 1];
        var (up, down) = (0.0, next);
        if (_ancestral)
        {
            up = Math.Sqrt(next * next * ((sigma * sigma) - (next * next)) / (sigma * sigma));
            down = Math.Sqrt((next * next) - (up * up));
        }

        // x + (x - x0) / sigma (down - sigma)
        var clean = Schedule.ToClean(1, sigma);
        var move = (down - sigma) / sigma;
        return new()
        {
            InputScale = SigmaSteps.InputScale(sigma),
            Next = new() { Latent = 1 + (move * (1 - clean.X)), Output = -move * clean.Output, Noise = up },
        };
    }
}
