using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Checks;

/// <summary>All checks of a run before it starts (<c>run --check</c>, and every start).</summary>
internal static class RunChecks
{
    /// <summary>Every check.</summary>
    internal static IReadOnlyList<IRunCheck> All { get; } =
    [
        new ModelCheck(),
        new AttentionCheck(),
        new PromptCheck(),
        new AffinityCheck(),
        new PlacementCheck(),
        new HarmonizerCheck(),
        new JudgeCheck(),
        new StartWeightsCheck(),
        new TrainerCheck(),
        new LibTorchCheck(),
        new RealDataCheck(),
        new EvaluationCheck(),
        new SpaceCheck(),
        new DeviceCheck(),
        new MemoryCheck(),
    ];

    /// <summary>Everything that is wrong.</summary>
    internal static IEnumerable<RunFinding> Find(IReadOnlyList<IRunCheck> checks, RunSpec spec, CheckedMachine machine) =>
        checks.SelectMany(check => Find(check, spec, machine));

    private static List<RunFinding> Find(IRunCheck check, RunSpec spec, CheckedMachine machine)
    {
        var findings = new List<RunFinding>();
        try
        {
            findings.AddRange(check.Find(spec, machine));
        }
        catch (Exception unusable) when (unusable is FreeMaskException or IOException or UnauthorizedAccessException)
        {
            findings.Add(new(check.Key, unusable.Message.TrimEnd('.')));
        }

        return findings;
    }
}
