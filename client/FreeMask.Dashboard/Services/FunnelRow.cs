using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>A row of the funnel of a round.</summary>
/// <param name="State">The state.</param>
/// <param name="Name">Its name.</param>
/// <param name="Count">Samples that have reached it; for the last three, samples that have it.</param>
/// <param name="Share">Of the planned samples, in [0, 1].</param>
/// <param name="PerSecond">Samples a second that come to it; null where that is not measured.</param>
/// <param name="Waiting">Samples in the state before that no device has; null for states that no stage leads to.</param>
/// <param name="InWork">Samples that a device works on to bring them here; null for states that no stage leads to.</param>
internal sealed record FunnelRow(SampleState State, string Name, int Count, double Share, double? PerSecond, int? Waiting, int? InWork)
{
    /// <summary>The rows of a round in order.</summary>
    /// <param name="round">The round.</param>
    /// <param name="rates">Measured rates; none for a round that is closed.</param>
    /// <param name="samples">The states of its samples; null before they are read.</param>
    internal static IReadOnlyList<FunnelRow> Of(RoundStatus round, StageRates rates, SampleStates? samples)
    {
        var table = StageTable.Default;
        var planned = Math.Max(1, round.Counts.Planned);
        return
        [
            .. table.States.Select(state =>
            {
                var stage = table.Stages.FirstOrDefault(s => s.After == state);
                var tally = stage is null || samples is null || round.Phase == RoundPhase.Closed ? null : samples.Tally(stage.Before);
                return new FunnelRow(
                    state,
                    table.DisplayNameOf(state),
                    round.Counts[state],
                    (double)round.Counts[state] / planned,
                    stage is not null && rates.PerSecond.TryGetValue(stage.Stage, out var rate) ? rate : null,
                    tally is { } t ? t.All - t.InWork : null,
                    tally?.InWork
                );
            }),
        ];
    }
}
