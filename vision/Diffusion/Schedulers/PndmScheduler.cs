namespace FreeMask.Vision.Diffusion.Schedulers;

/// <summary>
/// PLMS: diffusers' PNDM with skip_prk_steps, as every Stable Diffusion configuration has it (scheduling_pndm.py). The second timestep is visited twice.
/// </summary>
internal sealed class PndmScheduler : IScheduler
{
    private readonly SchedulerConfig _config;
    private readonly NoiseSchedule _schedule;
    private readonly int[] _timesteps;
    private readonly int _stride;
    private readonly List<float[]> _outputs = [];
    private float[] _first = [];

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

    public bool NeedsNoise(int step) => false;

    public void ScaleInput(int step, ReadOnlySpan<float> latent, Span<float> input) => latent.CopyTo(input);

    public void Step(int step, ReadOnlySpan<float> output, Span<float> latent, ReadOnlySpan<float> noise)
    {
        var (from, to) = (_timesteps[step], _timesteps[step] - _stride);
        if (step == 1) (from, to) = (from + _stride, from);
        else
        {
            _outputs.Insert(0, output.ToArray());
            if (_outputs.Count > 4) _outputs.RemoveAt(4);
        }

        if (step == 0) _first = latent.ToArray();
        if (step == 1) _first.CopyTo(latent);
        var blended = Blend(step, output);
        var alpha = _schedule[from];
        var target = to >= 0 ? _schedule[to] : _config.SetAlphaToOne ? 1 : _schedule[0];
        var scale = Math.Sqrt(target / alpha);
        var change = (target - alpha) / ((alpha * Math.Sqrt(1 - target)) + Math.Sqrt(alpha * (1 - alpha) * target));
        var (root, rest) = (Math.Sqrt(alpha), Math.Sqrt(1 - alpha));
        var velocity = _config.Prediction == PredictionType.Velocity;
        for (var i = 0; i < latent.Length; i++)
        {
            var predicted = velocity ? (root * blended[i]) + (rest * latent[i]) : blended[i];
            latent[i] = (float)((scale * latent[i]) - (change * predicted));
        }
    }

    /// <summary>Adams-Bashforth of the order that the history allows.</summary>
    private float[] Blend(int step, ReadOnlySpan<float> output)
    {
        var current = output.ToArray();
        if (step == 1) return Combine((0.5, current), (0.5, _outputs[0]));
        return _outputs.Count switch
        {
            1 => current,
            2 => Combine((1.5, _outputs[0]), (-0.5, _outputs[1])),
            3 => Combine((23 / 12.0, _outputs[0]), (-16 / 12.0, _outputs[1]), (5 / 12.0, _outputs[2])),
            _ => Combine((55 / 24.0, _outputs[0]), (-59 / 24.0, _outputs[1]), (37 / 24.0, _outputs[2]), (-9 / 24.0, _outputs[3])),
        };
    }

    private static float[] Combine(params (double Weight, float[] Values)[] terms)
    {
        var result = new float[terms[0].Values.Length];
        for (var i = 0; i < result.Length; i++)
        {
            double sum = 0;
            foreach (var (weight, values) in terms) sum += weight * values[i];
            result[i] = (float)sum;
        }

        return result;
    }
}
