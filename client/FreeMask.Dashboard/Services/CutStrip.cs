using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>The samples whose scores are nearest to the cut of their class.</summary>
internal static class CutStrip
{
    private const int MostPerSide = 8;

    /// <summary>Indices by score: at most eight dropped ones below the cut, then eight kept ones.</summary>
    internal static IReadOnlyList<int> Of(SampleStates states, RoundStatus round, string? ofClass)
    {
        var cuts = round.Thresholds.Where(t => t.Kept > 0).ToDictionary(t => t.Class, t => t.Score, StringComparer.Ordinal);
        return [.. Nearest(SampleState.Dropped).Concat(Nearest(SampleState.Kept))];

        IEnumerable<int> Nearest(SampleState state) =>
            states.Select(new SampleView { State = state, Class = ofClass })
                .Where(i => states.ScoreOf(i) is not null && cuts.ContainsKey(states.ClassOf(i)))
                .OrderBy(i => Math.Abs(states.ScoreOf(i)!.Value - cuts[states.ClassOf(i)]))
                .ThenBy(i => i)
                .Take(MostPerSide)
                .OrderBy(i => states.ScoreOf(i))
                .ThenBy(i => i);
    }
}
