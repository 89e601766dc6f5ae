using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Vision.Placement;

/// <summary>One place: which scale, which cell of its heat map, and the box in background pixels.</summary>
/// <param name="Scale">Index of the heat map.</param>
/// <param name="Row">Row of the cell: the object's center.</param>
/// <param name="Column">Column of the cell.</param>
/// <param name="Score">The heat map's value.</param>
/// <param name="Box">Where the object goes.</param>
internal sealed record PlacementCandidate(int Scale, int Row, int Column, float Score, PixelBox Box);

/// <summary>
/// From heat maps to places, by FOPA's multi-scale inference rules (bcmi/FOPA, <c>prepare_multi_fg_scales.py</c> and
/// <c>test_multi_fg_scales.py</c>; composition.md 1.1): one heat map a scale, a cell is the object's center, cells within half an object of
/// the border are excluded so that the object lies inside, boxes by truncation. Bounds are explicit, so an object smaller than a cell keeps
/// the whole map.
/// </summary>
internal static class PlacementGrid
{
    /// <summary>Object sizes for relative scales: the side that is longer relative to the background becomes scale times the background's;
    /// aspect is kept.</summary>
    public static IReadOnlyList<(int Height, int Width)> Sizes(
        IReadOnlyList<double> scales,
        int objectWidth,
        int objectHeight,
        int width,
        int height
    )
    {
        ArgumentNullException.ThrowIfNull(scales);
        return [.. scales.Select(s =>
        {
            if ((long)objectHeight * width > (long)height * objectWidth)
            {
                var h = Math.Max(1, (int)(height * s));
                return (h, Math.Max(1, (int)((double)h / objectHeight * objectWidth)));
            }

            var w = Math.Max(1, (int)(width * s));
            return (Math.Max(1, (int)((double)w / objectWidth * objectHeight)), w);
        })];
    }

    /// <summary>The <paramref name="top"/> best places over all scales, best first; ties keep scale, row, column order. Excluded cells
    /// score 0.</summary>
    /// <param name="heat">One map a scale, all of one size, scores not negative.</param>
    /// <param name="sizes">Object size at each scale, in background pixels.</param>
    /// <param name="width">Background width in pixels.</param>
    /// <param name="height">Background height in pixels.</param>
    /// <param name="top">How many places.</param>
    /// <exception cref="ArgumentException">There is not one size a map, or the maps differ in size.</exception>
    public static IReadOnlyList<PlacementCandidate> Best(
        IReadOnlyList<FloatMap> heat,
        IReadOnlyList<(int Height, int Width)> sizes,
        int width,
        int height,
        int top
    )
    {
        var kept = Inside(heat, sizes, width, height);
        var order = Enumerable.Range(0, kept.Length).ToArray();
        // A stable sort by falling score: index order breaks ties.
        Array.Sort(order, (a, b) => kept[a] != kept[b] ? kept[b].CompareTo(kept[a]) : a.CompareTo(b));
        return [.. order.Take(top).Select(i => At(i, kept[i], heat, sizes, width, height))];
    }

    /// <summary>
    /// The best places that overlap each other little, best first: each taken place removes those whose boxes have a larger intersection
    /// over union with it than <paramref name="mostOverlap"/>, over all scales (greedy non-maximum suppression). Ties keep scale, row,
    /// column order; cells of score 0 are never taken.
    /// </summary>
    /// <param name="heat">One map a scale, all of one size, scores not negative.</param>
    /// <param name="sizes">Object size at each scale, in background pixels.</param>
    /// <param name="width">Background width in pixels.</param>
    /// <param name="height">Background height in pixels.</param>
    /// <param name="count">Most places.</param>
    /// <param name="mostOverlap">Largest intersection over union of two places, 0..1.</param>
    public static IReadOnlyList<PlacementCandidate> Distinct(
        IReadOnlyList<FloatMap> heat,
        IReadOnlyList<(int Height, int Width)> sizes,
        int width,
        int height,
        int count,
        double mostOverlap
    )
    {
        var kept = Inside(heat, sizes, width, height);
        var places = new List<PlacementCandidate>();
        while (places.Count < count)
        {
            var best = 0;
            for (var i = 1; i < kept.Length; i++) if (kept[i] > kept[best]) best = i;
            if (kept.Length == 0 || !(kept[best] > 0)) break;
            var place = At(best, kept[best], heat, sizes, width, height);
            places.Add(place);
            for (var i = 0; i < kept.Length; i++)
                if (kept[i] > 0 && BoxAt(i, heat[0], sizes, width, height).IoU(place.Box) > mostOverlap) kept[i] = 0;
            kept[best] = 0;
        }

        return places;
    }

    /// <summary>Draws places with probability in proportion to their score (with repetition); empty where every score is 0.</summary>
    /// <param name="heat">One map a scale, all of one size, scores not negative.</param>
    /// <param name="sizes">Object size at each scale, in background pixels.</param>
    /// <param name="width">Background width in pixels.</param>
    /// <param name="height">Background height in pixels.</param>
    /// <param name="count">How many draws.</param>
    /// <param name="random">The stream.</param>
    public static IReadOnlyList<PlacementCandidate> Draw(
        IReadOnlyList<FloatMap> heat, IReadOnlyList<(int Height, int Width)> sizes, int width, int height, int count, CounterRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var kept = Inside(heat, sizes, width, height);
        var upTo = new double[kept.Length];
        var sum = 0.0;
        for (var i = 0; i < kept.Length; i++) upTo[i] = sum += kept[i];
        if (!(sum > 0)) return [];
        var places = new List<PlacementCandidate>(count);
        for (var n = 0; n < count; n++)
        {
            // The first cell whose running sum exceeds the draw; a cell of score 0 never does.
            var target = random.NextDouble() * sum;
            int low = 0, high = kept.Length - 1;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (upTo[middle] > target) high = middle;
                else low = middle + 1;
            }

            places.Add(At(low, kept[low], heat, sizes, width, height));
        }

        return places;
    }

    private static float[] Inside(IReadOnlyList<FloatMap> heat, IReadOnlyList<(int Height, int Width)> sizes, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(heat);
        ArgumentNullException.ThrowIfNull(sizes);
        if (heat.Count == 0) return [];
        if (heat.Count != sizes.Count)
            throw new ArgumentException($"There are {heat.Count} heat maps but {sizes.Count} sizes.", nameof(sizes));
        int w = heat[0].Width, h = heat[0].Height;
        var kept = new float[heat.Count * w * h];
        for (var k = 0; k < heat.Count; k++)
        {
            if (heat[k].Width != w || heat[k].Height != h) throw new ArgumentException("Heat maps differ in size.", nameof(heat));
            var halfRows = (int)((double)sizes[k].Height / height * h / 2);
            var halfColumns = (int)((double)sizes[k].Width / width * w / 2);
            for (var y = halfRows; y < h - halfRows; y++)
                for (var x = halfColumns; x < w - halfColumns; x++) kept[(((k * h) + y) * w) + x] = heat[k][x, y];
        }

        return kept;
    }

    private static PlacementCandidate At(
        int index,
        float score,
        IReadOnlyList<FloatMap> heat,
        IReadOnlyList<(int Height, int Width)> sizes,
        int width,
        int height
    )
    {
        int w = heat[0].Width, h = heat[0].Height;
        var box = BoxAt(index, heat[0], sizes, width, height);
        return new PlacementCandidate(index / (w * h), index / w % h, index % w, score, box);
    }

    private static PixelBox BoxAt(int index, FloatMap map, IReadOnlyList<(int Height, int Width)> sizes, int width, int height)
    {
        int w = map.Width, h = map.Height;
        var size = sizes[index / (w * h)];
        var left = (int)(((double)(index % w) / w * width) - (size.Width / 2.0));
        var top = (int)(((double)(index / w % h) / h * height) - (size.Height / 2.0));
        return new PixelBox(left, top, size.Width, size.Height);
    }
}
