namespace FreeMask.Diffusion.Schedulers;

/// <summary>
/// PLMS: diffusers' PNDM with skip_prk_steps, as every Stable Diffusion configuration has it (scheduling_pndm.py). The second timestep is
/// visited twice.
/// </summary>
internal sealed class PndmScheduler : IScheduler
{
    private readonly SchedulerConfig _config;
    private readonly NoiseSchedule _schedule;
    private readonly int[] _timesteps;
    private readonly int _stride;

    internal PndmScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps)
    {
        _config = config;
        _schedule = schedule;
        _stride = config.TrainTimesteps / steps;
        var plain = Array.ConvertAll(TimestepTable.Make(config, steps, round: true), t => (int)t);
        _timesteps = steps > 1 ? [plain[0], plain[1], .. plain[1..]] : plain;
    }

    public IReadOnlyList<float> Timesteps => Array.ConvertAll(_timesteps, t => (float)t);

    public IReadOnlyList<float> Sigmas => [];

    public float InitNoiseSigma => 1;

    public SchedulerStep StepAt(int step)
    {
        var (from, to) = (_timesteps[step], _timesteps[step] - _stride);
        var again = step == 1;
        if (again) (from, to) = (from + _stride, from);
        var alpha = _schedule[from];
        var target = to >= 0 ? _schedule[to] : _config.SetAlphaToOne ? 1 : _schedule[0];
        var scale = Math.Sqrt(target / alpha);
        var change = (target - alpha) / ((alpha * Math.Sqrt(1 - target)) + Math.Sqrt(alpha * (1 - alpha) * target));
        var (ofLatent, ofEstimate) = (scale, -change);
        if (_config.Prediction == PredictionType.Velocity)
            (ofLatent, ofEstimate) = (scale - (change * Math.Sqrt(1 - alpha)), -change * Math.Sqrt(alpha));
        return new()
        {
            Estimate = Blend(step),
            // The second step starts from the first one's latent again, which was remembered before the first output.
            Next = again ? new() { Second = ofLatent, Estimate = ofEstimate } : new() { Latent = ofLatent, Estimate = ofEstimate },
            Remembers = step == 0 ? StepMemory.Latent | StepMemory.Output : again ? StepMemory.None : StepMemory.Output,
        };
    }

    /// <summary>Adams-Bashforth of the order that the history allows; the second step averages the first two predictions.</summary>
    private static StepWeights Blend(int step) => step switch
    {
        0 => new() { Output = 1 },
        1 => new() { Output = 0.5, Newest = 0.5 },
        2 => new() { Output = 1.5, Newest = -0.5 },
        3 => new() { Output = 23 / 12.0, Newest = -16 / 12.0, Second = 5 / 12.0 },
        _ => new() { Output = 55 / 24.0, Newest = -59 / 24.0, Second = 37 / 24.0, Third = -9 / 24.0 },
    };
}
