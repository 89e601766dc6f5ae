using FreeMask.Vision.Thesaurus;

namespace FreeMask.Vision.Evaluation;

/// <summary>Two classes in captions and in annotated images.</summary>
/// <param name="First">One class.</param>
/// <param name="Second">The other, later in the order of the thesaurus.</param>
/// <param name="Named">Images whose captions name both.</param>
/// <param name="Shown">Annotated images that show both.</param>
internal sealed record PairCount(string First, string Second, int Named, int Shown);

/// <summary>
/// Compares what captions say of classes in one image with what annotated images show: people name few of the things that they see.
/// </summary>
/// <param name="Images">Annotated images.</param>
/// <param name="Pairs">Every pair of classes that both know, those shown most often first, then those named most often.</param>
internal sealed record PairComparison(int Images, IReadOnlyList<PairCount> Pairs)
{
    /// <summary>Pairs that annotated images show.</summary>
    internal int Shown => Pairs.Count(pair => pair.Shown > 0);

    /// <summary>Those among them that captions name too.</summary>
    internal int ShownAndNamed => Pairs.Count(pair => pair is { Shown: > 0, Named: > 0 });

    /// <summary>Pairs that captions name.</summary>
    internal int Named => Pairs.Count(pair => pair.Named > 0);

    /// <summary>How well the number of captioned images tells pairs that are shown from others: the area under the ROC curve; NaN where all
    /// are, or none is.</summary>
    internal double Auc =>
        RocAuc.Of(
            [.. Pairs.Where(pair => pair.Shown > 0).Select(pair => (double)pair.Named)],
            [.. Pairs.Where(pair => pair.Shown == 0).Select(pair => (double)pair.Named)]
        );

    /// <summary>Compares.</summary>
    /// <param name="thesaurus">The counts of captions.</param>
    /// <param name="labels">The classes that were annotated, by their names; those that the thesaurus does not name are left out.</param>
    /// <param name="images">The names of the classes in each annotated image.</param>
    internal static PairComparison Of(
        SceneThesaurus thesaurus,
        IReadOnlyCollection<string> labels,
        IEnumerable<IReadOnlySet<string>> images
    )
    {
        string[] classes = [.. thesaurus.NamedClasses.Where(labels.Contains)];
        var shown = new int[classes.Length, classes.Length];
        var count = 0;
        foreach (var image in images)
        {
            count++;
            int[] present = [.. Enumerable.Range(0, classes.Length).Where(index => image.Contains(classes[index]))];
            foreach (var (i, first) in present.Index())
                foreach (var second in present.Skip(i + 1))
                    shown[first, second]++;
        }

        var pairs =
            from first in Enumerable.Range(0, classes.Length)
            from second in Enumerable.Range(first + 1, classes.Length - first - 1)
            let named = thesaurus.ImagesNaming(classes[first], classes[second])
            select new PairCount(classes[first], classes[second], named, shown[first, second]);
        return new(count, [.. pairs.OrderByDescending(pair => pair.Shown).ThenByDescending(pair => pair.Named)]);
    }
}
