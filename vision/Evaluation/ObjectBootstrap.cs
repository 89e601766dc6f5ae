using FreeMask.Randomness;

namespace FreeMask.Vision.Evaluation;

/// <summary>An object that an image shows.</summary>
/// <param name="Name">Its name; images that show the same object are not independent.</param>
/// <param name="Class">Its class.</param>
internal readonly record struct ShownObject(string Name, string Class);

/// <summary>
/// Percentile bootstrap over objects: images that show the same few objects are not independent, and an interval over images would be too
/// narrow. The objects of each class are drawn again with replacement, so that every class stays; an image counts as often as its objects
/// were drawn, on average over them. A class with one object adds nothing to the width.
/// </summary>
internal sealed class ObjectBootstrap
{
    private readonly int[][] _images;
    private readonly int[][] _classes;

    /// <param name="objects">The objects that each image shows, at least one.</param>
    internal ObjectBootstrap(IReadOnlyList<IReadOnlyList<ShownObject>> objects)
    {
        var all = objects
            .SelectMany(image => image)
            .Distinct()
            .OrderBy(item => item.Class, StringComparer.Ordinal)
            .ThenBy(item => item.Name, StringComparer.Ordinal)
            .ToList();
        var indices = all.Index().ToDictionary(item => item.Item, item => item.Index);
        _images = [.. objects.Select(image => image.Select(item => indices[item]).ToArray())];
        _classes = [.. all.GroupBy(item => item.Class).Select(group => group.Select(item => indices[item]).ToArray())];
        Objects = all.Count;
    }

    /// <summary>The number of different objects.</summary>
    internal int Objects { get; }

    /// <summary>How often each image counts in a draw; the mean over all draws is 1.</summary>
    /// <param name="seed">Names the draws.</param>
    /// <param name="draw">Which draw.</param>
    internal double[] Weights(ulong seed, int draw)
    {
        var random = new CounterRandom(seed, draw, 0, "object-bootstrap");
        var drawn = new int[Objects];
        foreach (var ofClass in _classes)
            for (var i = 0; i < ofClass.Length; i++) drawn[ofClass[random.NextInt(ofClass.Length)]]++;
        return Array.ConvertAll(_images, image => image.Average(o => (double)drawn[o]));
    }
}
