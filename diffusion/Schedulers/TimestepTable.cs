namespace FreeMask.Diffusion.Schedulers;

/// <summary>Timestep lists, descending, as diffusers' <c>set_timesteps</c> makes them; rounding is half to even, as numpy's.</summary>
internal static class TimestepTable
{
    /// <summary>DDIM, PNDM and (unrounded for linspace) Euler.</summary>
    internal static double[] Make(SchedulerConfig config, int steps, bool round)
    {
        var total = config.TrainTimesteps;
        return config.Spacing switch
        {
            TimestepSpacing.Leading => Descending(steps, k => ((steps - 1 - k) * (total / steps)) + config.StepsOffset),
            TimestepSpacing.Trailing => Trailing(total, steps),
            _ => Descending(steps, k => Linspace(total, steps, k, round)),
        };
    }

    /// <summary>DPM-Solver++ divides by one more (scheduling_dpmsolver_multistep.py).</summary>
    internal static double[] MakeForDpmSolver(SchedulerConfig config, int steps)
    {
        var total = config.TrainTimesteps;
        return config.Spacing switch
        {
            TimestepSpacing.Leading => Descending(steps, k => ((steps - k) * (total / (steps + 1))) + config.StepsOffset),
            TimestepSpacing.Trailing => Trailing(total, steps),
            _ => Descending(steps, k => Linspace(total, steps + 1, k, round: true)),
        };
    }

    /// <summary>LCM and TCD take theirs from the timesteps that they were distilled at (scheduling_lcm.py, scheduling_tcd.py).</summary>
    internal static int[] OfDistilled(SchedulerConfig config, int steps)
    {
        var stride = config.TrainTimesteps / config.LcmOriginalSteps;
        var timesteps = new int[steps];
        for (var i = 0; i < steps; i++)
        {
            var fromEnd = (int)Math.Floor((double)i * config.LcmOriginalSteps / steps);
            timesteps[i] = ((config.LcmOriginalSteps - fromEnd) * stride) - 1;
        }

        return timesteps;
    }

    /// <summary>The timestep of a sigma by interpolation of logarithms (<c>_sigma_to_t</c>).</summary>
    internal static double OfSigma(double sigma, double[] sigmas)
    {
        var log = Math.Log(Math.Max(sigma, 1e-10));
        var low = 0;
        while (low < sigmas.Length - 2 && Math.Log(sigmas[low + 1]) <= log) low++;
        var (below, above) = (Math.Log(sigmas[low]), Math.Log(sigmas[low + 1]));
        var weight = Math.Clamp((below - log) / (below - above), 0, 1);
        return ((1 - weight) * low) + (weight * (low + 1));
    }

    /// <summary>Linear interpolation of a table at fractional places.</summary>
    internal static double At(double[] table, double place)
    {
        var low = (int)Math.Clamp(Math.Floor(place), 0, table.Length - 1);
        var high = Math.Min(low + 1, table.Length - 1);
        return table[low] + ((place - low) * (table[high] - table[low]));
    }

    /// <summary>Karras et al. 2022, equation 5, rho = 7.</summary>
    internal static double[] Karras(double largest, double smallest, int steps)
    {
        const double rho = 7;
        var (first, last) = (Math.Pow(largest, 1 / rho), Math.Pow(smallest, 1 / rho));
        return Descending(steps, i => Math.Pow(first + ((double)i / Math.Max(1, steps - 1) * (last - first)), rho));
    }

    private static double[] Trailing(int total, int steps) =>
        Descending(steps, k => Math.Round(total - (k * ((double)total / steps)), MidpointRounding.ToEven) - 1);

    private static double Linspace(int total, int count, int k, bool round)
    {
        var value = count == 1 ? 0 : (total - 1.0) * (count - 1 - k) / (count - 1);
        return round ? Math.Round(value, MidpointRounding.ToEven) : (float)value;
    }

    private static double[] Descending(int steps, Func<int, double> value)
    {
        var result = new double[steps];
        for (var k = 0; k < steps; k++) result[k] = value(k);
        return result;
    }
}
