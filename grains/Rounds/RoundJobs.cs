using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Rounds;

/// <summary>
/// The trainings and evaluations of a round. Equal ids mean the same job, so a job that is ordered again is not done again.
/// </summary>
internal static class RoundJobs
{
    /// <summary>The evaluation of the segmenter from which the training starts.</summary>
    public static TrainingJob StartEvaluation(RoundRecord record) => JobOf(record, "start", "starting segmenter", JobKind.Evaluate, 0);

    /// <summary>The training of a fold model, on the candidates of the other folds.</summary>
    public static TrainingJob Fold(RoundRecord record, int fold)
    {
        var spec = record.Assignment.Spec;
        var steps = spec.Scoring.FoldSteps ?? spec.Training.Steps;
        return JobOf(record, $"fold{fold}", $"fold {fold + 1} of {spec.Scoring.Folds}", JobKind.Train, steps) with
        {
            Lists = record.Candidates,
            LeftOut = fold,
        };
    }

    /// <summary>The training of the round's segmenter, on the kept samples of this round and the earlier ones.</summary>
    public static TrainingJob Segmenter(RoundRecord record) =>
        JobOf(record, "segmenter", "segmenter", JobKind.Train, record.Assignment.Spec.Training.Steps) with
        {
            Lists = record.Assignment.TrainingLists.AddRange(record.KeptLists),
        };

    /// <summary>The training of the previous round's segmenter, which is the scoring model of this round.</summary>
    public static TrainingJob ScoringModel(RoundRecord record) => Segmenter(record) with
    {
        Id = $"{record.Assignment.Round - 1}/segmenter",
        Title = "segmenter of the round before",
        Round = record.Assignment.Round - 1,
        Lists = record.Assignment.TrainingLists,
    };

    /// <summary>The evaluation of the round's segmenter.</summary>
    public static TrainingJob Evaluation(RoundRecord record) =>
        JobOf(record, "evaluation", "evaluation", JobKind.Evaluate, 0) with
        {
            Model = record.Segmenter,
        };

    /// <summary>The models that the round needs, with the jobs that train them.</summary>
    public static IEnumerable<(SegmenterModel Model, TrainingJob Job)> Models(RoundRecord record)
    {
        foreach (var (fold, model) in record.FoldModels.Index()) yield return (model, Fold(record, fold));
        if (record.Assignment.ScoringModel is { } scoringModel) yield return (scoringModel, ScoringModel(record));
        if (record.Segmenter is { } own) yield return (own, Segmenter(record));
    }

    private static TrainingJob JobOf(RoundRecord record, string name, string title, JobKind kind, int steps) =>
        new(
            $"{record.Assignment.Round}/{name}",
            title,
            kind,
            record.Assignment.Spec,
            record.Assignment.Round,
            [],
            null,
            steps,
            null,
            record.Assignment.Environment
        );
}
