namespace FreeMask.Cli.Experiments;

/// <summary>One question, answered by measurements that anyone can repeat.</summary>
internal interface IExperiment
{
    /// <summary>The name, as the command line knows it.</summary>
    string Name { get; }

    /// <summary>What it asks, in one sentence.</summary>
    string Question { get; }

    /// <summary>About how many minutes it takes on two cores, with the default number of seeds.</summary>
    double Minutes { get; }

    /// <summary>Measures, or reads what was measured before, and answers.</summary>
    Task<ExperimentReport> RunAsync(ExperimentContext context, CancellationToken stop);
}
