using System.Globalization;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Datasets;
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

/// <summary>
/// Measures placement on photographs with masks: an object is taken out and the gap filled (<see cref="PlacementCase"/>); its own place and
/// size must score higher than other places at its size, than places beside it on the same row, and than other sizes in its place. The
/// true place is only one of the plausible ones, so that no method can reach 1.
/// </summary>
internal static class PlacementEvaluation
{
    /// <summary>Scores drawn at random.</summary>
    internal const string Random = "random";

    /// <summary>The rules that runs use unless a model is named.</summary>
    internal const string Rules = "rules";

    /// <summary>A trained or public model.</summary>
    internal const string Model = "model";

    /// <summary>Kinds of other places: anywhere at the same size, elsewhere on the same row, and a wrong size in the true place.</summary>
    internal const string Place = "place", Row = "row", Size = "size";

    private const int PlacesOfObject = 6, RowsOfObject = 3, Draws = 500;

    // The gap is larger than the object by this factor, so that its outline tells neither place nor size.
    private const double Gap = 1.3;

    private static readonly double[] Factors = [1, 0.45, 2.2];

    /// <summary>Measures every method on the objects that the border of their image does not cut.</summary>
    /// <param name="images">Images with masks.</param>
    /// <param name="known">Names of images that are left out: a model learned from them.</param>
    /// <param name="model">The learned scorer; null for none.</param>
    /// <param name="mostObjects">How many objects are measured at most.</param>
    /// <param name="seed">Names the other places and the draws of the intervals.</param>
    /// <param name="stop">Stops between two images.</param>
    /// <exception cref="FreeMaskException">No object can be measured.</exception>
    internal static IReadOnlyList<PlacementResult> Run(
        ObjectImages images,
        IReadOnlySet<string> known,
        IPlacementScorer? model,
        int mostObjects,
        ulong seed,
        CancellationToken stop = default
    )
    {
        var classes = LabelSet.Own(images.Labels.Skip(1));
        var judged = new List<Judged>();
        for (var i = 0; i < images.Count && judged.Count < mostObjects; i++)
        {
            stop.ThrowIfCancellationRequested();
            if (known.Contains(images.IdOf(i))) continue;
            var image = images.Load(i);
            foreach (var (number, mask) in image.Objects.Index())
                if (judged.Count < mostObjects && Judge(image, i, mask, classes, model, new CounterRandom(seed, i, number, "placement"))
                    is { } own)
                    judged.Add(own);
        }

        if (judged.Count == 0)
            throw new FreeMaskException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{images.Root} has no object to measure: an object of {100 * ObjectImages.LeastArea} to {100 * ObjectImages.MostArea} "
                        + $"% of its image that its border does not cut, in an image that the model did not learn from."
                )
            );
        return
        [
            .. new[] { Random, Rules, Model }
                .Where(method => method != Model || model is not null)
                .SelectMany(method => new[] { null, Place, Row, Size }.Select(against => Summary(judged, method, against, seed)))
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

    private static Judged? Judge(
        ObjectImage image,
        int index,
        LabelMap mask,
        LabelSet classes,
        IPlacementScorer? model,
        CounterRandom random
    )
    {
        var (width, height) = (mask.Width, mask.Height);
        var classId = Array.Find(image.Labels.Labels.Where((_, i) => mask.Labels[i] != 0).ToArray(), l => l is not (0 or LabelMap.Ignore));
        if (classId == 0) return null;
        var own = new LabelMap(width, height, Array.ConvertAll(mask.Labels, l => l != 0 ? classId : (byte)0));
        if (Cutout.Whole(image.Image, own, classId) is not { Cut: BorderSides.None } cutout) return null;
        var sizes = Factors.Select(f => (Height: (int)((cutout.Height * f) + 0.5), Width: (int)((cutout.Width * f) + 0.5))).ToArray();
        if (sizes[1].Height < 4 || sizes[1].Width < 4) return null;
        var others = new List<(string Kind, int Scale, PixelBox Box)>();
        for (var n = 0; n < PlacesOfObject; n++)
            if (PlacementCase.Elsewhere(cutout.Source, sizes[0], width, height, random) is { } box) others.Add((Place, 0, box));
        for (var n = 0; n < RowsOfObject; n++)
            if (PlacementCase.Elsewhere(cutout.Source, sizes[0], width, height, random) is { } box)
            {
                var beside = box with { Y = cutout.Source.Y };
                if (beside.IoU(cutout.Source) <= PlacementCase.MostOverlap) others.Add((Row, 0, beside));
            }

        for (var k = 1; k < sizes.Length; k++)
            if (PlacementCase.Standing(cutout.Source, sizes[k]) is var other && PlacementCase.IsInside(other, width, height))
                others.Add((Size, k, other));
        if (others.Count == 0) return null;

        var query = Query(image, mask, classId, classes, cutout, sizes, random);
        var truth = new Dictionary<string, double> { [Random] = random.NextDouble() };
        var scores = others.ConvertAll(_ => new Dictionary<string, double> { [Random] = random.NextDouble() });
        foreach (var (method, scorer) in new[] { (Rules, new RuleScorer()), (Model, model) })
        {
            if (scorer is null) continue;
            var maps = scorer.Score(query).Maps;
            double At(int scale, PixelBox box)
            {
                var (row, column) = PlacementCase.CellOf(box, width, height, maps[scale]);
                return maps[scale][column, row];
            }

            truth[method] = At(0, cutout.Source);
            for (var i = 0; i < others.Count; i++) scores[i][method] = At(others[i].Scale, others[i].Box);
        }

        return new(index, truth, [.. others.Zip(scores, (o, s) => (o.Kind, s))]);
    }

    /// <summary>The image without the object, as a scorer is asked about it in a run; its scene is not known.</summary>
    private static PlacementQuery Query(
        ObjectImage image,
        LabelMap mask,
        byte classId,
        LabelSet classes,
        Cutout cutout,
        IReadOnlyList<(int Height, int Width)> sizes,
        CounterRandom random
    )
    {
        var left = image.Labels.Clone();
        var around = Regions.Dilate(Array.ConvertAll(mask.Labels, l => (byte)(l != 0 ? 1 : 0)), mask.Width, 3);
        for (var i = 0; i < around.Length; i++)
            if (mask.Labels[i] != 0 || (around[i] != 0 && left.Labels[i] == LabelMap.Ignore)) left.Labels[i] = LabelMap.Background;
        var scene = new ComposedScene(
            new BackgroundSample(PlacementCase.Remove(image.Image, mask, Gap, random), left, classId, null),
            ComposeOptions.Default with { Classes = classes }
        );
        return new PlacementQuery
        {
            Background = scene.Image,
            Labels = scene.Classes,
            Scene = scene.Scene,
            Objects = scene.Objects,
            ClassId = classId,
            Classes = classes,
            Foreground = cutout,
            Sizes = sizes,
        };
    }

    private sealed record Judged(int Image, Dictionary<string, double> Truth, List<(string Kind, Dictionary<string, double> Score)> Others);

    private sealed record Scores(int Image, double Truth, IReadOnlyList<double> Others);
}
