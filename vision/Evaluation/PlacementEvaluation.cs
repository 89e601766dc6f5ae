using FreeMask.Imaging;
using FreeMask.Vision.Placement;

namespace FreeMask.Vision.Evaluation;

/// <summary>How well one method tells the true place of objects from others.</summary>
/// <param name="Method">The method's name.</param>
/// <param name="Against">The kind of the other places; null for all.</param>
/// <param name="Objects">Number of objects.</param>
/// <param name="Places">Number of other places.</param>
/// <param name="Auc">The share of pairs of a true place and another one, of any object, in which the true one scores higher.</param>
/// <param name="AucInterval">Its 95 % interval over images.</param>
/// <param name="Accuracy">The share of other places that score lower than the true place of the same object; ties count half.</param>
/// <param name="AccuracyInterval">Its 95 % interval over images.</param>
internal sealed record PlacementResult(
    string Method,
    string? Against,
    int Objects,
    int Places,
    double Auc,
    ConfidenceInterval AucInterval,
    double Accuracy,
    ConfidenceInterval AccuracyInterval
);

/// <summary>Measures how well the true places of objects are told from others (<see cref="PlacementTrial"/>).</summary>
internal static class PlacementEvaluation
{
    /// <summary>Scores drawn at random.</summary>
    internal const string Random = "random";

    /// <summary>The rules that runs use unless a model is named.</summary>
    internal const string Rules = "rules";

    /// <summary>A trained or public model.</summary>
    internal const string Model = "model";

    /// <summary>Kinds of other places: anywhere at the same size, elsewhere on the same row, a wrong size in the true place, above
    /// the ground, over another object, and in a scene that offers nothing to rest on.</summary>
    internal const string Place = "place", Row = "row", Size = "size", Floating = "floating", Covering = "covering", Scene = "scene";

    private const int Draws = 500;

    private static readonly string?[] Kinds = [Place, Row, Size, Floating, Covering, Scene];

    /// <summary>Measures every method.</summary>
    /// <param name="trials">Objects with their true places, at least one.</param>
    /// <param name="model">The learned scorer; null for none.</param>
    /// <param name="seed">Names the draws of the intervals.</param>
    /// <param name="stop">Stops between two objects.</param>
    internal static IReadOnlyList<PlacementResult> Run(
        IEnumerable<PlacementTrial> trials,
        IPlacementScorer? model,
        ulong seed,
        CancellationToken stop = default
    )
    {
        var judged = new List<Judged>();
        foreach (var trial in trials)
        {
            stop.ThrowIfCancellationRequested();
            judged.Add(Judge(trial, model));
        }

        return
        [
            .. new[] { Random, Rules, Model }
                .Where(method => method != Model || model is not null)
                .SelectMany(method => Kinds.Prepend(null).Select(against => Summary(judged, method, against, seed)))
                .OfType<PlacementResult>(),
        ];
    }

    private static PlacementResult? Summary(List<Judged> judged, string method, string? against, ulong seed)
    {
        Scores[] scores =
        [
            .. judged
                .Select(j => new Scores(
                    j.Image,
                    j.Truth[method],
                    [.. j.Others.Where(o => against is null || o.Kind == against).Select(o => o.Score[method])]
                ))
                .Where(s => s.Others.Count > 0),
        ];
        var byImage = scores.GroupBy(s => s.Image).Select(group => group.ToArray()).ToArray();
        if (byImage.Length == 0) return null;
        ConfidenceInterval Interval(Func<IEnumerable<Scores>, double> measure) =>
            Bootstrap.Interval(byImage.Length, seed, Draws, drawn => measure(drawn.SelectMany(i => byImage[i])));
        return new(
            method,
            against,
            scores.Length,
            scores.Sum(s => s.Others.Count),
            Auc(scores),
            Interval(Auc),
            Accuracy(scores),
            Interval(Accuracy)
        );
    }

    private static double Auc(IEnumerable<Scores> scores)
    {
        var all = scores.ToList();
        return RocAuc.Of([.. all.Select(s => s.Truth)], [.. all.SelectMany(s => s.Others)]);
    }

    private static double Accuracy(IEnumerable<Scores> scores) =>
        scores.SelectMany(s => s.Others.Select(o => o < s.Truth ? 1 : o == s.Truth ? 0.5 : 0)).Average();

    private static Judged Judge(PlacementTrial trial, IPlacementScorer? model)
    {
        var truth = new Dictionary<string, double> { [Random] = trial.Random.NextDouble() };
        var scores = trial.Others.Select(_ => new Dictionary<string, double> { [Random] = trial.Random.NextDouble() }).ToArray();
        foreach (var (method, scorer) in new[] { (Rules, new RuleScorer()), (Model, model) })
        {
            if (scorer is null) continue;
            var known = new Dictionary<object, IReadOnlyList<FloatMap>>(ReferenceEqualityComparer.Instance);
            double At(PlacementQuery query, int scale, PixelBox box)
            {
                if (!known.TryGetValue(query, out var maps)) known[query] = maps = scorer.Score(query).Maps;
                var map = maps[scale];
                var (row, column) = PlacementCase.CellOf(
                    box, query.Background.Width, query.Background.Height, (map.Width, map.Height));
                return map[column, row];
            }

            truth[method] = At(trial.Query, 0, trial.Truth);
            for (var i = 0; i < scores.Length; i++)
            {
                var other = trial.Others[i];
                scores[i][method] = At(other.Query, other.Scale, other.Box);
            }
        }

        return new(trial.Image, truth, [.. trial.Others.Zip(scores, (other, score) => (other.Kind, score))]);
    }

    private sealed record Judged(int Image, Dictionary<string, double> Truth, List<(string Kind, Dictionary<string, double> Score)> Others);

    private sealed record Scores(int Image, double Truth, IReadOnlyList<double> Others);
}
