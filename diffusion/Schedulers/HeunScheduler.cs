namespace FreeMask.Diffusion.Schedulers;

/// <summary>
/// Heun's method in sigma space (Karras et al. 2022, algorithm 1 without churn; diffusers, scheduling_heun_discrete.py). The model is
/// called twice a step, at its start and where Euler's method would end, but once in the last, which ends at sigma 0: 2 N - 1 calls.
/// </summary>
internal sealed class HeunScheduler : SigmaScheduler
{
    internal HeunScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps)
        : base(schedule, SigmaSteps.Make(config, schedule, steps, config.KarrasSigmas))
    {
    }

    public override IReadOnlyList<float> Timesteps => [Steps.Timesteps[0], .. Steps.Timesteps.Skip(1).SelectMany(t => new[] { t, t })];

    public override IReadOnlyList<float> Sigmas =>
        [Steps.Sigmas[0], .. Steps.Sigmas[1..^1].SelectMany(s => new[] { s, s }), Steps.Sigmas[^1]];

    public override SchedulerStep StepAt(int step)
    {
        double from = Steps.Sigmas[step / 2], to = Steps.Sigmas[(step / 2) + 1];
        var second = step % 2 == 1;
        var sigma = second ? to : from;
        var clean = Schedule.ToClean(1, sigma);
        // The slope of the latent over sigma, (x - x0) / sigma.
        var slope = new StepWeights { Latent = (1 - clean.X) / sigma, Output = -clean.Output / sigma };
        return new()
        {
            InputScale = SigmaSteps.InputScale(sigma),
            Estimate = slope,
            // The second call goes from the step's start, which was remembered before the first slope, along the mean of both.
            Next = second
                ? new()
                {
                    Second = 1,
                    Newest = (to - from) / 2,
                    Estimate = (to - from) / 2,
                }
                : new() { Latent = 1, Estimate = to - from },
            Remembers = second ? StepMemory.None : StepMemory.Latent | StepMemory.Estimate,
        };
    }
}
