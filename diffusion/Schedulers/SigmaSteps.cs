namespace FreeMask.Diffusion.Schedulers;

/// <summary>Timesteps with their noise levels, for samplers that work in sigma space (x = x0 + sigma noise).</summary>
/// <param name="Timesteps">Descending, fractional with even spacing.</param>
/// <param name="Sigmas">Their noise levels and the level at which sampling ends, in single precision as diffusers keeps them.</param>
/// <param name="InitNoiseSigma">What standard normal noise is multiplied with to start.</param>
internal sealed record SigmaSteps(float[] Timesteps, float[] Sigmas, float InitNoiseSigma)
{
    /// <summary>The steps of Euler, Heun and LMS (diffusers, <c>set_timesteps</c>).</summary>
    /// <param name="config">The settings.</param>
    /// <param name="schedule">The noise of training.</param>
    /// <param name="steps">Number of steps.</param>
    /// <param name="karras">Whether sigmas follow Karras et al. 2022.</param>
    /// <param name="endsAtSmallest">Whether sampling ends at the smallest sigma of training instead of 0.</param>
    internal static SigmaSteps Make(SchedulerConfig config, NoiseSchedule schedule, int steps, bool karras, bool endsAtSmallest = false)
    {
        var all = schedule.Sigmas();
        var timesteps = TimestepTable.Make(config, steps, round: false);
        var sigmas = Array.ConvertAll(timesteps, t => TimestepTable.At(all, t));
        if (karras)
        {
            sigmas = TimestepTable.Karras(sigmas[0], sigmas[^1], steps);
            timesteps = Array.ConvertAll(sigmas, s => TimestepTable.OfSigma(s, all));
        }

        float[] levels = [.. sigmas.Select(s => (float)s), endsAtSmallest ? (float)all[0] : 0];
        return new(
            Array.ConvertAll(timesteps, t => (float)t),
            levels,
            config.Spacing == TimestepSpacing.Leading ? MathF.Sqrt((levels[0] * levels[0]) + 1) : levels[0]
        );
    }

    /// <summary>The steps of DPM-Solver++ and UniPC, which keep variance (x = alpha x0 + sigma noise) and call the model at whole
    /// timesteps.</summary>
    internal static SigmaSteps MakeForDpmSolver(SchedulerConfig config, NoiseSchedule schedule, int steps)
    {
        var all = schedule.Sigmas();
        var timesteps = TimestepTable.MakeForDpmSolver(config, steps);
        var sigmas = Array.ConvertAll(timesteps, t => TimestepTable.At(all, t));
        if (config.KarrasSigmas)
        {
            sigmas = TimestepTable.Karras(all[^1], all[0], steps);
            timesteps = Array.ConvertAll(sigmas, s => Math.Round(TimestepTable.OfSigma(s, all), MidpointRounding.ToEven));
        }

        return new(
            Array.ConvertAll(timesteps, t => (float)t),
            [.. sigmas.Select(s => (float)s), config.EndsAtSmallestSigma ? (float)all[0] : 0],
            1
        );
    }

    /// <summary>What the latent is multiplied with for the model, which knows latents of one variance.</summary>
    internal static double InputScale(double sigma) => 1 / Math.Sqrt((sigma * sigma) + 1);

    /// <summary>alpha and sigma of a latent that keeps its variance.</summary>
    internal static (double Alpha, double Sigma) AlphaSigma(double sigma)
    {
        var alpha = 1 / Math.Sqrt((sigma * sigma) + 1);
        return (alpha, sigma * alpha);
    }

    /// <summary>log(alpha) - log(sigma), half the logarithm of the signal-to-noise ratio.</summary>
    internal static double Lambda(double sigma) => -Math.Log(sigma);
}
