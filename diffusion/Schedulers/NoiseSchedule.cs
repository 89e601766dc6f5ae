namespace FreeMask.Diffusion.Schedulers;

/// <summary>
/// The cumulative products of alphas of training, and conversions between what a network may predict. Tables are computed in float32
/// in diffusers' order of operations (scheduling_ddim.py), so that they agree to the last bits.
/// </summary>
internal sealed class NoiseSchedule
{
    private readonly float[] _alphas;
    private readonly PredictionType _prediction;

    internal NoiseSchedule(SchedulerConfig config)
    {
        _prediction = config.Prediction;
        var betas = new float[config.TrainTimesteps];
        var (first, last) = config.ScaledLinear
            ? (Math.Sqrt(config.BetaStart), Math.Sqrt(config.BetaEnd))
            : (config.BetaStart, config.BetaEnd);
        for (var i = 0; i < betas.Length; i++)
        {
            var value = (float)(first + ((last - first) * i / Math.Max(1, betas.Length - 1)));
            betas[i] = config.ScaledLinear ? value * value : value;
        }

        _alphas = new float[betas.Length];
        var product = 1f;
        for (var i = 0; i < betas.Length; i++) _alphas[i] = product *= 1 - betas[i];
        if (config.RescaleZeroTerminalSnr) RemoveTerminalSignal(config.Kind);
    }

    internal int Count => _alphas.Length;

    /// <summary>The cumulative alpha of a timestep.</summary>
    internal double this[int timestep] => _alphas[timestep];

    /// <summary>sqrt((1 - a) / a) of every timestep.</summary>
    internal double[] Sigmas() => Array.ConvertAll(_alphas, a => (double)(float)Math.Sqrt((1.0 - a) / a));

    /// <summary>
    /// Coefficients (u, v) with x0 = u x + v output, for x = alpha x0 + sigma noise: models.md's "x0 by prediction type" for any pair.
    /// </summary>
    internal (double X, double Output) ToClean(double alpha, double sigma) => _prediction switch
    {
        PredictionType.Epsilon => (1 / alpha, -sigma / alpha),
        PredictionType.Velocity => (alpha / ((alpha * alpha) + (sigma * sigma)), -sigma / Math.Sqrt((alpha * alpha) + (sigma * sigma))),
        _ => (0, 1),
    };

    /// <summary>Lin et al. 2024, algorithm 1: shifts and scales sqrt(alpha) so that the last is 0 and the first is kept.</summary>
    private void RemoveTerminalSignal(SchedulerKind kind)
    {
        var (first, last) = (MathF.Sqrt(_alphas[0]), MathF.Sqrt(_alphas[^1]));
        for (var i = 0; i < _alphas.Length; i++)
        {
            var root = (MathF.Sqrt(_alphas[i]) - last) * (first / (first - last));
            _alphas[i] = root * root;
        }

        // Sigma space would divide by zero: diffusers puts the smallest normal half there.
        if (kind is SchedulerKind.Euler or SchedulerKind.EulerAncestral or SchedulerKind.DpmSolverMultistep or SchedulerKind.UniPc)
            _alphas[^1] = MathF.Pow(2, -24);
    }
}
