namespace FreeMask.Cli.Experiments;

/// <summary>The experiments, in the order in which they are worth their time.</summary>
internal static class ExperimentCatalog
{
    /// <summary>All of them.</summary>
    internal static IReadOnlyList<IExperiment> All { get; } =
    [
        new MasksExperiment(),
        new AttentionExperiment(),
        new ThresholdsExperiment(),
        new ThesaurusExperiment(),
        new LadderExperiment(),
        new CompositionExperiment(),
        new AblationExperiment(),
        new LoopExperiment(),
        new SelectionExperiment(),
        new ObjectsExperiment(),
        new DomainsExperiment(),
    ];

    /// <summary>The experiments of these names, in their order here; all where none is named.</summary>
    /// <exception cref="FreeMaskException">There is no such experiment.</exception>
    internal static IReadOnlyList<IExperiment> Named(IReadOnlyCollection<string> names)
    {
        if (names.FirstOrDefault(name => !All.Any(experiment => experiment.Name == name)) is { } unknown)
            throw new FreeMaskException(
                $"There is no experiment '{unknown}'; there are {string.Join(", ", All.Select(experiment => experiment.Name))}."
            );
        return names.Count == 0 ? All : [.. All.Where(experiment => names.Contains(experiment.Name))];
    }
}
