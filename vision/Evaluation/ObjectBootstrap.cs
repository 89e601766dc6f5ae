using FreeMask.Randomness;

namespace FreeMask.Vision.Evaluation;

/// <summary>
/// Percentile bootstrap over objects: images that show the same few objects are not independent, and an interval over images would be too
/// narrow. Objects are drawn again with replacement; an image counts as often as its objects were drawn, on average over them.
/// </summary>
internal sealed class ObjectBootstrap
{
    private readonly int[][] _objects;
    private readonly int _count;

    /// <param name="objects">The names of the objects that each image shows, at least one.</param>
    internal ObjectBootstrap(IReadOnlyList<IReadOnlyList<string>> objects)
    {
        var names = objects
            .SelectMany(image => image)
            .Distinct()
            .Order(StringComparer.Ordinal)
            .Index()
            .ToDictionary(name => name.Item, name => name.Index);
        _objects = [.. objects.Select(image => image.Select(name => names[name]).ToArray())];
        _count = names.Count;
    }

    /// <summary>The number of different objects.</summary>
    internal int Objects => _count;

    /// <summary>How often each image counts in a draw; the mean over all draws is 1.</summary>
    /// <param name="seed">Names the draws.</param>
    /// <param name="draw">Which draw.</param>
    internal double[] Weights(ulong seed, int draw)
    {
        var random = new CounterRandom(seed, draw, 0, "object-bootstrap");
        var drawn = new int[_count];
        for (var i = 0; i < _count; i++) drawn[random.NextInt(_count)]++;
        return Array.ConvertAll(_objects, image => image.Average(o => (double)drawn[o]));
    }
}
