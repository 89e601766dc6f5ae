using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>A bin of a histogram of scores.</summary>
/// <param name="From">The lowest score of the bin.</param>
/// <param name="Kept">Kept samples.</param>
/// <param name="Dropped">Dropped samples.</param>
/// <param name="Open">Scored samples that are not selected yet.</param>
public sealed record ScoreBin(double From, int Kept, int Dropped, int Open);

/// <summary>A class of a round.</summary>
/// <param name="Class">The class.</param>
/// <param name="Planned">Samples that count for it.</param>
/// <param name="Scored">Those with a score.</param>
/// <param name="Kept">Those that are kept.</param>
/// <param name="Dropped">Those that are dropped.</param>
/// <param name="Quarantined">Those that are quarantined.</param>
/// <param name="Cut">The lowest score that is kept; null before selection.</param>
/// <param name="IoU">IoU of the round's segmenter on the held-out set; null where it was not measured.</param>
public sealed record ClassRow(
    string Class,
    int Planned,
    int Scored,
    int Kept,
    int Dropped,
    int Quarantined,
    double? Cut,
    double? IoU
);

/// <summary>Scores of a round, from its compact states.</summary>
internal static class ScoreHistogram
{
    /// <summary>Number of bins over [0, 1].</summary>
    internal const int Bins = 25;

    /// <summary>The histogram.</summary>
    /// <param name="states">The states of the round.</param>
    /// <param name="ofClass">Only samples of this class; null for all.</param>
    internal static IReadOnlyList<ScoreBin> Of(SampleStates states, string? ofClass = null)
    {
        var (kept, dropped, open) = (new int[Bins], new int[Bins], new int[Bins]);
        foreach (var index in states.Select(new SampleView { Class = ofClass }))
        {
            if (states.ScoreOf(index) is not { } score) continue;
            var counts = states.StateOf(index) switch
            {
                SampleState.Kept => kept,
                SampleState.Dropped => dropped,
                _ => open,
            };
            counts[Math.Clamp((int)(score * Bins), 0, Bins - 1)]++;
        }

        return [.. Enumerable.Range(0, Bins).Select(b => new ScoreBin((double)b / Bins, kept[b], dropped[b], open[b]))];
    }

    /// <summary>The classes of a round in the order of the run file.</summary>
    internal static IReadOnlyList<ClassRow> Classes(RunSpec spec, RoundStatus round, SampleStates? states)
    {
        var cuts = round.Thresholds.LowestByClass();
        var qualities = round.Quality?.Classes.ToDictionary(c => c.Class, c => c.IoU, StringComparer.Ordinal) ?? [];
        // One pass over the samples: pages of runs with 100,000 of them are drawn twice a second.
        var counts = spec.Classes.Distinct().ToDictionary(name => name, _ => new int[5], StringComparer.Ordinal);
        for (var index = 0; index < (states?.Count ?? 0); index++)
        {
            var count = counts[states!.ClassOf(index)];
            count[0]++;
            if (states.ScoreOf(index) is not null) count[1]++;
            switch (states.StateOf(index))
            {
                case SampleState.Kept: count[2]++; break;
                case SampleState.Dropped: count[3]++; break;
                case SampleState.Quarantined: count[4]++; break;
            }
        }

        return
        [
            .. spec.Classes.Select(name => new ClassRow(
                name,
                counts[name][0],
                counts[name][1],
                counts[name][2],
                counts[name][3],
                counts[name][4],
                cuts.TryGetValue(name, out var cut) ? cut : null,
                qualities.TryGetValue(name, out var iou) && double.IsFinite(iou) ? iou : null
            )),
        ];
    }
}
