using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>The samples whose scores are nearest to the cut of their class and number of objects.</summary>
internal static class CutStrip
{
    private const int MostPerSide = 8;

    /// <summary>Indices by score: at most eight dropped ones below the cut, then eight kept ones.</summary>
    internal static IReadOnlyList<int> Of(SampleStates states, RoundStatus round, string? ofClass)
    {
        return [.. Nearest(SampleState.Dropped).Concat(Nearest(SampleState.Kept))];

        IEnumerable<int> Nearest(SampleState state) =>
            states.Select(new SampleView { State = state, Class = ofClass })
                .Where(i => states.ScoreOf(i) is not null)
                .Select(i => (Index: i, Cut: states.CutOf(round, i)))
                .Where(item => item.Cut is not null)
                .OrderBy(item => Math.Abs(states.ScoreOf(item.Index)!.Value - item.Cut!.Value))
                .ThenBy(item => item.Index)
                .Select(item => item.Index)
                .Take(MostPerSide)
                .OrderBy(i => states.ScoreOf(i))
                .ThenBy(i => i);
    }
}
