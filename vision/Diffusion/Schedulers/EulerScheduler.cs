namespace FreeMask.Vision.Diffusion.Schedulers;

/// <summary>Euler steps in sigma space, plain or ancestral (diffusers, scheduling_euler_discrete.py and scheduling_euler_ancestral_discrete.py).</summary>
internal sealed class EulerScheduler : IScheduler
{
    private readonly NoiseSchedule _schedule;
    private readonly bool _ancestral;
    private readonly float[] _sigmas;

    internal EulerScheduler(SchedulerConfig config, NoiseSchedule schedule, int steps, bool ancestral)
    {
        _schedule = schedule;
        _ancestral = ancestral;
        var all = schedule.Sigmas();
        var timesteps = TimestepTable.Make(config, steps, round: false);
        var sigmas = Array.ConvertAll(timesteps, t => TimestepTable.At(all, t));
        if (config.KarrasSigmas && !ancestral)
        {
            sigmas = TimestepTable.Karras(sigmas[0], sigmas[^1], steps);
            timesteps = Array.ConvertAll(sigmas, s => TimestepTable.OfSigma(s, all));
        }

        Timesteps = Array.ConvertAll(timesteps, t => (float)t);
        _sigmas = [.. sigmas.Select(s => (float)s), config.EndsAtSmallestSigma && !ancestral ? (float)all[0] : 0];
        InitNoiseSigma = config.Spacing == TimestepSpacing.Leading ? MathF.Sqrt((_sigmas[0] * _sigmas[0]) + 1) : _sigmas[0];
    }

    public IReadOnlyList<float> Timesteps { get; }

    public IReadOnlyList<float> Sigmas => _sigmas;

    public float InitNoiseSigma { get; }

    public SchedulerStep StepAt(int step)
    {
        double sigma = _sigmas[step], next = _sigmas[step + 1];
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
            InputScale = 1 / Math.Sqrt((sigma * sigma) + 1),
            Next = new() { Latent = 1 + (move * (1 - clean.X)), Output = -move * clean.Output, Noise = up },
        };
    }
}
