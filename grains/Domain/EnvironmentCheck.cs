namespace FreeMask.Grains.Domain;

/// <summary>Chooses the environment of a run and checks silos against it.</summary>
internal static class EnvironmentCheck
{
    /// <summary>
    /// Chooses the environment of a run: the one that most of its devices have; of equals the first in ordinal order. The result depends
    /// on the offers alone.
    /// </summary>
    /// <param name="offers">One entry for each device.</param>
    public static RunEnvironment? Choose(IEnumerable<RunEnvironment> offers) => offers
        .GroupBy(offer => offer)
        .OrderByDescending(group => group.Count())
        .ThenBy(group => $"{group.Key.Bundle}|{group.Key.DeviceKind}|{group.Key.Arithmetic}", StringComparer.Ordinal)
        .FirstOrDefault()?.Key;

    /// <summary>Why a silo may not work on a run; null if it may.</summary>
    /// <param name="spec">What the run makes.</param>
    /// <param name="environment">The environment of the run; null for runs of versions that did not record it.</param>
    /// <param name="silo">The silo's name.</param>
    /// <param name="own">The environment of the silo.</param>
    /// <param name="deviceKind">The kind of the device; null for training, which uses the CPU.</param>
    public static string? Refuse(RunSpec spec, RunEnvironment? environment, string silo, SiloEnvironment own, string? deviceKind)
    {
        if (own.Problem is { } problem) return $"silo {silo} cannot work for this run: {problem}";
        if (environment is null) return null;
        if (environment.Bundle is { } bundle && own.Bundle is { } other && other != bundle)
            return $"silo {silo} has another bundle under the name '{spec.Model}' (sha256 {other[..12]}, the run's is {bundle[..12]}): "
                + "it gets no work of this run. Copy the run's bundle there, and start the silo again";
        if (spec.Execution.MixedArithmetic) return null;
        if (own.Arithmetic == environment.Arithmetic && (deviceKind is null || deviceKind == environment.DeviceKind)) return null;
        return $"silo {silo} computes as '{own.Arithmetic}' on {deviceKind ?? "the processor"}, and the run as "
            + $"'{environment.Arithmetic}' on {environment.DeviceKind}: it gets no work of this run, "
            + "because the data set would depend on who does what. execution.mixedArithmetic allows it";
    }
}
