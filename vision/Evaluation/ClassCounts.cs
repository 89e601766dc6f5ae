namespace FreeMask.Vision.Evaluation;

/// <summary>What IoU needs of one image: pixels by class, of the classes that its labels or its prediction have.</summary>
/// <param name="Classes">Class indices, rising.</param>
/// <param name="Intersections">Pixels of the class that were predicted as the class, one number a class.</param>
/// <param name="Unions">Pixels of the class in the labels or in the prediction, one number a class.</param>
internal sealed record ClassCounts(IReadOnlyList<int> Classes, IReadOnlyList<long> Intersections, IReadOnlyList<long> Unions)
{
    /// <summary>The counts of a confusion matrix.</summary>
    internal static ClassCounts Of(ConfusionMatrix matrix)
    {
        var (classes, intersections, unions) = (new List<int>(), new List<long>(), new List<long>());
        for (var c = 0; c < matrix.Classes; c++)
        {
            var union = matrix.TruthCount(c) + matrix.PredictionCount(c) - matrix[c, c];
            if (union == 0) continue;
            classes.Add(c);
            intersections.Add(matrix[c, c]);
            unions.Add(union);
        }

        return new(classes, intersections, unions);
    }

    /// <summary>IoU by class over a set of images: sums of intersections over sums of unions.</summary>
    /// <param name="images">The images.</param>
    /// <param name="weights">How often each image counts; null for once.</param>
    internal static IReadOnlyDictionary<int, double> IoU(IReadOnlyList<ClassCounts> images, IReadOnlyList<double>? weights = null)
    {
        var sums = new SortedDictionary<int, (double Intersection, double Union)>();
        for (var i = 0; i < images.Count; i++)
        {
            var weight = weights?[i] ?? 1;
            if (weight == 0) continue;
            for (var k = 0; k < images[i].Classes.Count; k++)
            {
                var (intersection, union) = sums.GetValueOrDefault(images[i].Classes[k]);
                sums[images[i].Classes[k]] = (
                    intersection + (weight * images[i].Intersections[k]),
                    union + (weight * images[i].Unions[k])
                );
            }
        }

        return sums.ToDictionary(item => item.Key, item => item.Value.Intersection / item.Value.Union);
    }

    /// <summary>The mean of <see cref="IoU"/> over the classes that occur; NaN where none does.</summary>
    internal static double MeanIoU(IReadOnlyList<ClassCounts> images, IReadOnlyList<double>? weights = null) =>
        IoU(images, weights).Values.DefaultIfEmpty(double.NaN).Average();
}
