namespace FreeMask.Vision.Evaluation;

/// <summary>What IoU needs of one image: pixels by class, of the classes that its labels or its prediction have.</summary>
/// <param name="Classes">Class indices, rising.</param>
/// <param name="Intersections">Pixels of the class that were predicted as the class, one number a class.</param>
/// <param name="Unions">Pixels of the class in the labels or in the prediction, one number a class.</param>
/// <param name="Truths">Pixels of the class in the labels, one number a class.</param>
internal sealed record ClassCounts(
    IReadOnlyList<int> Classes,
    IReadOnlyList<long> Intersections,
    IReadOnlyList<long> Unions,
    IReadOnlyList<long> Truths
)
{
    /// <summary>The counts of a confusion matrix.</summary>
    internal static ClassCounts Of(ConfusionMatrix matrix)
    {
        var occurring = Enumerable
            .Range(0, matrix.Classes)
            .Select(c => (Class: c, Union: matrix.TruthCount(c) + matrix.PredictionCount(c) - matrix[c, c]))
            .Where(item => item.Union > 0)
            .ToList();
        return new(
            [.. occurring.Select(item => item.Class)],
            [.. occurring.Select(item => matrix[item.Class, item.Class])],
            [.. occurring.Select(item => item.Union)],
            [.. occurring.Select(item => matrix.TruthCount(item.Class))]
        );
    }

    /// <summary>
    /// IoU by class over a set of images: sums of intersections over sums of unions. Of classes that the labels of all images have, those
    /// that weights leave out are left out too: predictions alone would make them 0, which says nothing of the segmenter.
    /// </summary>
    /// <param name="images">The images.</param>
    /// <param name="weights">How often each image counts; null for once.</param>
    internal static IReadOnlyDictionary<int, double> IoU(IReadOnlyList<ClassCounts> images, IReadOnlyList<double>? weights = null)
    {
        var sums = new SortedDictionary<int, (double Intersection, double Union, double Truth, long AllTruth)>();
        for (var i = 0; i < images.Count; i++)
        {
            var weight = weights?[i] ?? 1;
            for (var k = 0; k < images[i].Classes.Count; k++)
            {
                var sum = sums.GetValueOrDefault(images[i].Classes[k]);
                sums[images[i].Classes[k]] = (
                    sum.Intersection + (weight * images[i].Intersections[k]),
                    sum.Union + (weight * images[i].Unions[k]),
                    sum.Truth + (weight * images[i].Truths[k]),
                    sum.AllTruth + images[i].Truths[k]
                );
            }
        }

        return sums
            .Where(item => item.Value.Union > 0 && (item.Value.Truth > 0 || item.Value.AllTruth == 0))
            .ToDictionary(item => item.Key, item => item.Value.Intersection / item.Value.Union);
    }

    /// <summary>The mean of <see cref="IoU"/> over the classes that occur; NaN where none does.</summary>
    internal static double MeanIoU(IReadOnlyList<ClassCounts> images, IReadOnlyList<double>? weights = null) =>
        IoU(images, weights).Values.DefaultIfEmpty(double.NaN).Average();
}
