using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Vision.Evaluation;

/// <summary>A scored sample: its labels and what the scoring model predicted.</summary>
/// <param name="Labels">Classes.</param>
/// <param name="Instances">Objects.</param>
/// <param name="Prediction">Classes that the scoring model saw.</param>
internal sealed record ScoredSample(LabelMap Labels, LabelMap Instances, LabelMap Prediction)
{
    /// <summary>The number of its objects, from 1.</summary>
    internal int Objects => Math.Max(1, Instances.Labels.Where(n => n is not (0 or LabelMap.Ignore)).Distinct().Count());
}

/// <summary>How well a criterion tells harmed labels from the sample's own.</summary>
/// <param name="Fault">How labels were harmed; null for all faults together.</param>
/// <param name="Criterion">The name of the score.</param>
/// <param name="Auc">
/// The probability that a sample with its own label scores higher than one with a harmed label: 0.5 is chance, 1 is perfect.
/// </param>
/// <param name="Interval">Its 95 % bootstrap interval over pairs of an own and a harmed label.</param>
/// <param name="Found">Of the 30 % of lowest scores, the fraction that is harmed, where half of all are.</param>
/// <param name="Samples">The number of samples that could be harmed so.</param>
internal sealed record CriterionResult(
    LabelFault? Fault,
    string Criterion,
    double Auc,
    ConfidenceInterval Interval,
    double Found,
    int Samples
);

/// <summary>
/// Which score finds faults of labels? The labels of scored samples are harmed in known ways, one object of each, and scored again with the
/// prediction that the scoring model made of the image. The samples' own labels have faults too, so that no criterion can reach 1.
/// </summary>
internal static class CriterionExperiment
{
    private const double LowShare = 0.3;
    private const int Draws = 500;

    /// <summary>Measures every criterion on every fault.</summary>
    /// <param name="samples">Scored samples.</param>
    /// <param name="classes">The classes of the run, by index.</param>
    /// <param name="seed">Names the faults and the draws of the intervals.</param>
    public static IReadOnlyList<CriterionResult> Run(IReadOnlyList<ScoredSample> samples, IReadOnlyList<byte> classes, ulong seed)
    {
        var faults = Enum.GetValues<LabelFault>();
        var own = samples.Select(s => SampleAgreement.Compute(s.Labels, s.Instances, s.Prediction)).ToList();
        var pairs = faults.Select(fault => Pairs(samples, own, classes, fault, seed)).ToList();
        var results = new List<CriterionResult>();
        foreach (var (name, of) in AgreementCriteria.All)
        {
            for (var f = 0; f < faults.Length; f++) Add(faults[f], name, of, pairs[f]);
            Add(null, name, of, [.. pairs.SelectMany(p => p)]);
        }

        return results;

        void Add(LabelFault? fault, string name, Func<SampleAgreement, double> of, IReadOnlyList<(SampleAgreement, SampleAgreement)> scored)
        {
            if (scored.Count == 0) return;
            var scores = scored.Select(p => (Own: of(p.Item1), Harmed: of(p.Item2))).ToList();
            var interval = Bootstrap.Interval(scores.Count, seed, Draws, drawn => Auc(drawn.Select(i => scores[i])));
            results.Add(new CriterionResult(fault, name, Auc(scores), interval, Found(scores), scores.Count));
        }
    }

    private static List<(SampleAgreement Own, SampleAgreement Harmed)> Pairs(
        IReadOnlyList<ScoredSample> samples,
        List<SampleAgreement> own,
        IReadOnlyList<byte> classes,
        LabelFault fault,
        ulong seed
    )
    {
        var pairs = new List<(SampleAgreement, SampleAgreement)>();
        for (var i = 0; i < samples.Count; i++)
        {
            var random = new CounterRandom(seed, i, (int)fault, "label-fault");
            if (LabelFaults.Harm(samples[i].Labels, samples[i].Instances, fault, classes, random) is { } harmed)
                pairs.Add((own[i], SampleAgreement.Compute(harmed.Labels, harmed.Instances, samples[i].Prediction)));
        }

        return pairs;
    }

    /// <summary>The area under the ROC curve of own labels against harmed ones.</summary>
    internal static double Auc(IEnumerable<(double Own, double Harmed)> scores)
    {
        var all = scores.ToList();
        return RocAuc.Of([.. all.Select(s => s.Own)], [.. all.Select(s => s.Harmed)]);
    }

    private static double Found(IReadOnlyList<(double Own, double Harmed)> scores)
    {
        var ranked = scores
            .SelectMany(s => new[] { (Score: s.Own, IsHarmed: 0), (Score: s.Harmed, IsHarmed: 1) })
            .OrderBy(s => s.Score)
            .ToList();
        return ranked.Take((int)Math.Ceiling(LowShare * ranked.Count)).Average(s => s.IsHarmed);
    }
}
