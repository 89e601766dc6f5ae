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
        _sigmas = [.. sigmas.Select(s => (float)s), 0];
        InitNoiseSigma = config.Spacing == TimestepSpacing.Leading ? MathF.Sqrt((_sigmas[0] * _sigmas[0]) + 1) : _sigmas[0];
    }

    public IReadOnlyList<float> Timesteps { get; }

    public IReadOnlyList<float> Sigmas => _sigmas;

    public float InitNoiseSigma { get; }

    public bool NeedsNoise(int step) => _ancestral;

    public void ScaleInput(int step, ReadOnlySpan<float> latent, Span<float> input)
    {
        var scale = 1 / Math.Sqrt(((double)_sigmas[step] * _sigmas[step]) + 1);
        for (var i = 0; i < latent.Length; i++) input[i] = (float)(latent[i] * scale);
    }

    public void Step(int step, ReadOnlySpan<float> output, Span<float> latent, ReadOnlySpan<float> noise)
    {
        double sigma = _sigmas[step], next = _sigmas[step + 1];
        var (up, down) = (0.0, next);
        if (_ancestral)
        {
            up = Math.Sqrt(next * next * ((sigma * sigma) - (next * next)) / (sigma * sigma));
            down = Math.Sqrt((next * next) - (up * up));
        }

        var (cleanX, cleanOutput) = _schedule.ToClean(1, sigma);
        for (var i = 0; i < latent.Length; i++)
        {
            var clean = (cleanX * latent[i]) + (cleanOutput * output[i]);
            var moved = latent[i] + ((latent[i] - clean) / sigma * (down - sigma));
            latent[i] = (float)(_ancestral ? moved + (noise[i] * up) : moved);
        }
    }
}
