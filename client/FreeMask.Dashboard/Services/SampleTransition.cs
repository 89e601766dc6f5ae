using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>A state of a sample and how it came to it.</summary>
/// <param name="State">The state.</param>
/// <param name="By">What led to it: a stage, the plan or the selection.</param>
/// <param name="Reached">Whether the sample has been in it, in its present attempt.</param>
/// <param name="At">When it came to it (UTC); null where the record does not tell.</param>
/// <param name="Seconds">Seconds of device work, all attempts together; null where no stage leads to it, or none has run.</param>
/// <param name="Device">The kinds of devices that made its artifacts.</param>
/// <param name="Artifacts">What was made.</param>
internal sealed record SampleTransition(
    SampleState State,
    string By,
    bool Reached,
    DateTimeOffset? At,
    double? Seconds,
    string Device,
    IReadOnlyList<ArtifactReference> Artifacts
)
{
    /// <summary>The states of a sample in order, those that it has not reached included, up to the final one.</summary>
    /// <param name="sample">The sample's record.</param>
    /// <param name="threshold">The lowest score that is kept of samples like this one; null before selection.</param>
    internal static IReadOnlyList<SampleTransition> Of(SampleRecord sample, double? threshold)
    {
        var table = StageTable.Default;
        var given = sample.State == SampleState.Quarantined;
        // A sample that was given up has reached the state in which it failed.
        var reached = given ? sample.FailedAt : sample.State;
        var rows = new List<SampleTransition> { new(SampleState.Planned, "plan", true, null, null, "", []) };
        foreach (var stage in table.Stages)
        {
            List<ArtifactReference> made = [.. sample.Artifacts.Where(a => stage.Outputs.Contains(a.Name))];
            var timing = sample.Timings.FirstOrDefault(t => t.Stage == stage.Stage);
            var done = table.HasReached(reached, stage.After);
            rows.Add(new SampleTransition(
                stage.After,
                stage.Stage.ToString().ToLowerInvariant(),
                done,
                done ? timing?.EndedAt : null,
                timing?.Seconds,
                string.Join(", ", made.Select(a => a.Device).Distinct()),
                made
            ));
        }

        if (given) rows.Add(new SampleTransition(sample.State, sample.Rejected ? "rejected masks" : "faults", true, null, null, "", []));
        else if (sample.State is SampleState.Kept or SampleState.Dropped)
            rows.Add(new SampleTransition(sample.State, Selection(sample.Score, threshold), true, null, null, "", []));
        return rows;
    }

    private static string Selection(double? score, double? threshold) =>
        score is { } own && threshold is { } cut
            ? string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"selection: {own:0.000} {(own < cut ? "is below" : "reaches")} {cut:0.000}"
            )
            : "selection";
}
