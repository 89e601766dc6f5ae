using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using FreeMask.Grains.Artifacts;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Grains.Domain;

/// <summary>The result of a selection: computed once, stored in one record, then carried out by the shards.</summary>
/// <param name="Thresholds">
/// The threshold of each class and, by strata, of each number of objects, in the order of the run's classes; those without scored samples
/// are left out.
/// </param>
/// <param name="KeptIdsHash">The sha256 of the kept indices: one a line, ascending.</param>
/// <param name="Kept">How many are kept.</param>
/// <param name="Objects">Scored and kept samples by the number of their objects.</param>
internal sealed record SelectionDecision(
    ImmutableArray<SelectionThreshold> Thresholds,
    string KeptIdsHash,
    int Kept,
    ImmutableArray<ObjectShare> Objects
);

/// <summary>
/// Keeps the best share of each class, or of its samples with one, two, and three or more objects: a score that is the mean over objects is
/// lower the more there are, so that one threshold for all would remove the samples with several objects. Samples are ordered by score in
/// millionths, highest first, then by index, so that the order is total; the first ceil(ratio x n) of n scored samples are kept.
/// </summary>
internal static class Selection
{
    /// <summary>Numbers of objects from this one on are one stratum.</summary>
    private const int ManyObjects = 3;

    /// <summary>Selects.</summary>
    /// <param name="spec">Classes, ratio and strata.</param>
    /// <param name="round">The round.</param>
    /// <param name="scores">Score in millionths of each sample by index; negative for samples that have none.</param>
    /// <param name="objects">The number of objects of each sample.</param>
    public static SelectionDecision Decide(RunSpec spec, int round, ReadOnlySpan<int> scores, ReadOnlySpan<byte> objects)
    {
        var byClass = new List<(int Score, int Index, int Objects)>[spec.Classes.Length];
        for (var i = 0; i < byClass.Length; i++) byClass[i] = [];
        for (var index = 0; index < scores.Length; index++)
        {
            if (scores[index] < 0) continue;
            var count = Math.Clamp((int)objects[index], 1, ManyObjects);
            byClass[spec.Classes.IndexOf(SamplePlanner.ClassOf(spec, round, index))].Add((scores[index], index, count));
        }

        var thresholds = ImmutableArray.CreateBuilder<SelectionThreshold>();
        var kept = new List<int>();
        var (scored, keptOf) = (new int[ManyObjects + 1], new int[ManyObjects + 1]);
        for (var i = 0; i < byClass.Length; i++)
        {
            foreach (var (least, most) in Strata(spec, [.. byClass[i].Select(s => s.Objects)]))
            {
                var ranked = byClass[i].Where(s => s.Objects >= least && s.Objects <= (most ?? ManyObjects)).ToList();
                if (ranked.Count == 0) continue;
                ranked.Sort(static (a, b) => Rank(a.Score, a.Index, b.Score, b.Index));
                var count = KeepRatio.Count(spec.KeepRatio, ranked.Count);
                var last = ranked[count - 1];
                var score = last.Score / (double)SampleTransitions.ScoreScale;
                thresholds.Add(
                    new SelectionThreshold(spec.Classes[i], ranked.Count, count, score, last.Index)
                    {
                        LeastObjects = least,
                        MostObjects = most,
                    }
                );
                foreach (var sample in ranked) scored[sample.Objects]++;
                foreach (var sample in ranked.Take(count)) keptOf[sample.Objects]++;
                kept.AddRange(ranked.Take(count).Select(r => r.Index));
            }
        }

        kept.Sort();
        return new SelectionDecision(
            thresholds.ToImmutable(),
            HashOf(kept),
            kept.Count,
            [.. Enumerable.Range(1, ManyObjects).Where(n => scored[n] > 0).Select(n => new ObjectShare(n, scored[n], keptOf[n]))]
        );
    }

    /// <summary>
    /// The strata of a class. One of which nothing would be dropped, because it has too few samples, is joined with the next one; the last
    /// with the one before.
    /// </summary>
    /// <returns>The least number of objects, and the largest, null for no limit; 0 and null for the whole class.</returns>
    private static List<(int Least, int? Most)> Strata(RunSpec spec, int[] objects)
    {
        if (spec.Scoring.Strata != SelectionStrata.Objects) return [(0, null)];
        var strata = new List<(int Least, int? Most)>();
        var (least, waiting) = (1, 0);
        for (var n = 1; n <= ManyObjects; n++)
        {
            waiting += objects.Count(o => o == n);
            if (waiting == 0 || KeepRatio.Count(spec.KeepRatio, waiting) == waiting) continue;
            strata.Add((least, n));
            (least, waiting) = (n + 1, 0);
        }

        if (strata.Count == 0) return [(0, null)];
        // What is left over belongs to the last stratum, which has no limit then.
        strata[^1] = (strata[^1].Least, null);
        return strata.Count == 1 ? [(0, null)] : strata;
    }

    /// <summary>Whether a scored sample is above the threshold of its class.</summary>
    public static bool IsKept(SelectionThreshold threshold, int score, int index) =>
        Rank(score, index, SampleTransitions.Quantize(threshold.Score), threshold.LastIndex) <= 0;

    private static int Rank(int scoreA, int indexA, int scoreB, int indexB) =>
        scoreA != scoreB ? scoreB.CompareTo(scoreA) : indexA.CompareTo(indexB);

    private static string HashOf(List<int> kept)
    {
        var text = new StringBuilder();
        foreach (var index in kept) text.Append(CultureInfo.InvariantCulture, $"{index}\n");
        return ArtifactHash.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
