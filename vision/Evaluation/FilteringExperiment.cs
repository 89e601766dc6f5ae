using FreeMask.Imaging;

namespace FreeMask.Vision.Evaluation;

/// <summary>A scored sample of a run, as <see cref="FilteringExperiment"/> asks for it.</summary>
/// <param name="Sample">Its labels and what the scoring model predicted.</param>
/// <param name="Round">Its round.</param>
/// <param name="Class">The name of the class that it was drawn for.</param>
/// <param name="Shown">The names of the classes of all its objects.</param>
/// <param name="Objects">The number of its objects, from 1.</param>
/// <param name="Area">The fraction of the image that its labels call an object.</param>
internal sealed record FilteredSample(ScoredSample Sample, int Round, string Class, IReadOnlyList<string> Shown, int Objects, double Area)
{
    /// <summary>How certain the scoring model was (<see cref="Segmentation.PredictionCertainty"/>); null where it is not at hand.</summary>
    internal double? Certainty { get; init; }

    /// <summary>A scored sample with what its labels say.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="round">Its round.</param>
    /// <param name="classId">The class that it was drawn for.</param>
    /// <param name="names">The names of the classes by index.</param>
    internal static FilteredSample Of(ScoredSample sample, int round, int classId, IReadOnlyList<string> names)
    {
        var labels = sample.Labels.Labels;
        return new(
            sample,
            round,
            names[classId],
            [.. labels.Distinct().Where(IsObject).Select(label => names[label])],
            sample.Objects,
            (double)labels.Count(IsObject) / labels.Length
        );
    }

    private static bool IsObject(byte label) => label is not (LabelMap.Background or LabelMap.Ignore);
}

/// <summary>How much of a group of samples a criterion keeps.</summary>
/// <param name="Criterion">The name of the score.</param>
/// <param name="Group">
/// What the group has in common: <c>all</c>, <c>objects</c>, <c>size</c>, or <c>shows</c>, where a sample counts for the class of each of
/// its objects.
/// </param>
/// <param name="Value">Which group it is, such as <c>2</c> or <c>cat</c>.</param>
/// <param name="Samples">The samples of the group.</param>
/// <param name="Kept">How many of them the criterion keeps.</param>
/// <param name="Share">The fraction kept.</param>
/// <param name="Interval">Its 95 % bootstrap interval over samples of the group.</param>
internal sealed record FilteringResult(
    string Criterion,
    string Group,
    string Value,
    int Samples,
    int Kept,
    double Share,
    ConfidenceInterval Interval
);

/// <summary>
/// Who is dropped? Each criterion keeps the best of each class of a round, as the paper's selection does, without the strata by number of
/// objects that runs have by default; what it keeps of samples with one, two or more objects, of small and large objects, and of those that
/// show a class is its bias. (Of the samples drawn for a class it keeps the same share of every class, by construction.)
/// </summary>
internal static class FilteringExperiment
{
    private const int Draws = 1000, ManyObjects = 3;

    private static readonly string[] Sizes = ["smallest third", "middle third", "largest third"];

    /// <summary>Selects by every criterion and counts; by certainty too where all samples have it.</summary>
    /// <param name="samples">Scored samples, at least one.</param>
    /// <param name="keepRatio">The share of a class of a round that stays, rounded up; in (0, 1].</param>
    /// <param name="seed">Names the draws of the intervals.</param>
    public static IReadOnlyList<FilteringResult> Run(IReadOnlyList<FilteredSample> samples, double keepRatio, ulong seed)
    {
        var agreements = samples
            .Select(item => SampleAgreement.Compute(item.Sample.Labels, item.Sample.Instances, item.Sample.Prediction))
            .ToList();
        var groups = Groups(samples);
        var results = new List<FilteringResult>();
        foreach (var (name, scores) in Scores())
        {
            var kept = Select(samples, scores, keepRatio);
            foreach (var (group, value, members) in groups)
            {
                double[] flags = [.. members.Select(i => kept[i] ? 1.0 : 0.0)];
                results.Add(
                    new(name, group, value, flags.Length, (int)flags.Sum(), flags.Average(), Bootstrap.Mean(flags, seed, Draws))
                );
            }
        }

        return results;

        IEnumerable<(string Name, double[] Scores)> Scores()
        {
            foreach (var (name, of) in AgreementCriteria.All) yield return (name, [.. agreements.Select(of)]);
            double[] certainties = [.. samples.Select(sample => sample.Certainty).OfType<double>()];
            if (certainties.Length < samples.Count) yield break;
            yield return (AgreementCriteria.Certainty, certainties);
            yield return (AgreementCriteria.Combined, [.. agreements.Zip(certainties, (a, certainty) => a.MaskAndClass * certainty)]);
        }
    }

    /// <summary>The best of each class of each round; of equal scores the earlier sample.</summary>
    internal static bool[] Select(IReadOnlyList<FilteredSample> samples, double[] scores, double keepRatio)
    {
        var kept = new bool[samples.Count];
        foreach (var group in Enumerable.Range(0, samples.Count).GroupBy(i => (samples[i].Round, samples[i].Class)))
            foreach (var i in group.OrderByDescending(i => scores[i]).ThenBy(i => i).Take(KeepRatio.Count(keepRatio, group.Count())))
                kept[i] = true;
        return kept;
    }

    private static List<(string Group, string Value, List<int> Members)> Groups(IReadOnlyList<FilteredSample> samples)
    {
        var all = Enumerable.Range(0, samples.Count).ToList();
        // Thirds by rank, so that each has as many samples.
        var third = new int[samples.Count];
        foreach (var (rank, i) in all.OrderBy(i => samples[i].Area).ThenBy(i => i).Index()) third[i] = rank * Sizes.Length / samples.Count;
        List<(string, string, List<int>)> groups = [("all", "all", all)];
        groups.AddRange(By("objects", i => Math.Min(ManyObjects, samples[i].Objects), n => n == ManyObjects ? $"{n} or more" : $"{n}"));
        groups.AddRange(By("size", i => third[i], n => Sizes[n]));
        groups.AddRange(
            samples
                .SelectMany(sample => sample.Shown)
                .Distinct()
                .Order(StringComparer.Ordinal)
                .Select(name => ("shows", name, all.Where(i => samples[i].Shown.Contains(name)).ToList()))
        );
        return groups;

        IEnumerable<(string, string, List<int>)> By<T>(string group, Func<int, T> of, Func<T, string> name) =>
            all.GroupBy(of).OrderBy(members => members.Key).Select(members => (group, name(members.Key), members.ToList()));
    }
}
