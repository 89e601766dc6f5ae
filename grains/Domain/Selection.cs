using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using FreeMask.Grains.Artifacts;

namespace FreeMask.Grains.Domain;

/// <summary>The result of a selection: computed once, stored in one record, then carried out by the shards.</summary>
/// <param name="Thresholds">The threshold of each class, in the order of the run's classes; classes without scored samples are left
/// out.</param>
/// <param name="KeptIdsHash">The sha256 of the kept indices: one a line, ascending.</param>
/// <param name="Kept">How many are kept.</param>
public sealed record SelectionDecision(ImmutableArray<SelectionThreshold> Thresholds, string KeptIdsHash, int Kept);

/// <summary>
/// Keeps the best share of each class. Samples are ordered by score in millionths, highest first, then by index, so that the order is
/// total; the first ceil(ratio x n) of a class's n scored samples are kept.
/// </summary>
public static class Selection
{
    /// <summary>Selects.</summary>
    /// <param name="spec">Classes and ratio.</param>
    /// <param name="round">The round.</param>
    /// <param name="scores">Score in millionths of each sample by index; negative for samples that have none.</param>
    public static SelectionDecision Decide(RunSpec spec, int round, ReadOnlySpan<int> scores)
    {
        var byClass = new List<(int Score, int Index)>[spec.Classes.Length];
        for (var i = 0; i < byClass.Length; i++) byClass[i] = [];
        for (var index = 0; index < scores.Length; index++)
            if (scores[index] >= 0) byClass[spec.Classes.IndexOf(SamplePlanner.ClassOf(spec, round, index))].Add((scores[index], index));

        var thresholds = ImmutableArray.CreateBuilder<SelectionThreshold>();
        var kept = new List<int>();
        for (var i = 0; i < byClass.Length; i++)
        {
            var ranked = byClass[i];
            if (ranked.Count == 0) continue;
            ranked.Sort(static (a, b) => Rank(a.Score, a.Index, b.Score, b.Index));
            var count = CountKept(spec.KeepRatio, ranked.Count);
            var last = ranked[count - 1];
            thresholds.Add(
                new SelectionThreshold(spec.Classes[i], ranked.Count, count, last.Score / (double)SampleTransitions.ScoreScale, last.Index)
            );
            kept.AddRange(ranked.Take(count).Select(r => r.Index));
        }

        kept.Sort();
        return new SelectionDecision(thresholds.ToImmutable(), HashOf(kept), kept.Count);
    }

    /// <summary>Whether a scored sample is above the threshold of its class.</summary>
    public static bool IsKept(SelectionThreshold threshold, int score, int index) =>
        Rank(score, index, SampleTransitions.Quantize(threshold.Score), threshold.LastIndex) <= 0;

    /// <summary>
    /// ceil(ratio x n), at least one. The product is computed in decimal: 0.7 x 10 is 7, whereas binary 7.000000000000001 would give 8.
    /// </summary>
    public static int CountKept(double ratio, int count) => Math.Clamp((int)Math.Ceiling((decimal)ratio * count), 1, count);

    private static int Rank(int scoreA, int indexA, int scoreB, int indexB) =>
        scoreA != scoreB ? scoreB.CompareTo(scoreA) : indexA.CompareTo(indexB);

    private static string HashOf(List<int> kept)
    {
        var text = new StringBuilder();
        foreach (var index in kept) text.Append(CultureInfo.InvariantCulture, $"{index}\n");
        return ArtifactHash.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
