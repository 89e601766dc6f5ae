namespace FreeMask.Imaging;

/// <summary>How pixels of a region touch.</summary>
internal enum Connectivity
{
    /// <summary>By edges.</summary>
    Four = 4,

    /// <summary>By edges and corners.</summary>
    Eight = 8,
}

/// <summary>Connected regions of a binary mask: 1 + the region's index per pixel, 0 outside; regions numbered in raster order of their
/// first pixel.</summary>
/// <param name="Index">Row-major, 0 outside of the mask, else 1 to <c>Sizes.Count</c>.</param>
/// <param name="Sizes">Pixels of each region; the region numbered n is at n - 1.</param>
internal sealed record RegionMap(int[] Index, IReadOnlyList<int> Sizes);

/// <summary>Shapes in binary masks (row-major bytes, 0 or not 0).</summary>
internal static class Regions
{
    /// <summary>Finds the connected regions.</summary>
    public static RegionMap Find(ReadOnlySpan<byte> mask, int width, Connectivity connectivity = Connectivity.Eight)
    {
        var height = mask.Length / width;
        var index = new int[mask.Length];
        var sizes = new List<int>();
        var stack = new Stack<int>();
        for (var start = 0; start < mask.Length; start++)
        {
            if (mask[start] == 0 || index[start] != 0) continue;
            var number = sizes.Count + 1;
            var size = 0;
            index[start] = number;
            stack.Push(start);
            while (stack.TryPop(out var at))
            {
                size++;
                int x = at % width, y = at / width;
                for (var dy = -1; dy <= 1; dy++)
                    for (var dx = -1; dx <= 1; dx++)
                    {
                        if (connectivity == Connectivity.Four && dx * dy != 0) continue;
                        int nx = x + dx, ny = y + dy;
                        if ((uint)nx >= (uint)width || (uint)ny >= (uint)height) continue;
                        var next = (ny * width) + nx;
                        if (mask[next] == 0 || index[next] != 0) continue;
                        index[next] = number;
                        stack.Push(next);
                    }
            }

            sizes.Add(size);
        }

        return new RegionMap(index, sizes);
    }

    /// <summary>Clears, in place, the regions of fewer than <paramref name="minimumPixels"/> pixels.</summary>
    public static void RemoveSmall(Span<byte> mask, int width, int minimumPixels, Connectivity connectivity = Connectivity.Eight)
    {
        var regions = Find(mask, width, connectivity);
        for (var i = 0; i < mask.Length; i++)
            if (regions.Index[i] > 0 && regions.Sizes[regions.Index[i] - 1] < minimumPixels) mask[i] = 0;
    }

    /// <summary>Sets, in place, the holes: background that no path by edges joins to the border.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="maximumPixels">Larger holes stay.</param>
    public static void FillHoles(Span<byte> mask, int width, int maximumPixels = int.MaxValue)
    {
        var height = mask.Length / width;
        var inverse = new byte[mask.Length];
        for (var i = 0; i < mask.Length; i++) inverse[i] = mask[i] == 0 ? (byte)1 : (byte)0;
        var regions = Find(inverse, width, Connectivity.Four);
        var open = new bool[regions.Sizes.Count + 1];
        for (var x = 0; x < width; x++) (open[regions.Index[x]], open[regions.Index[mask.Length - width + x]]) = (true, true);
        for (var y = 0; y < height; y++) (open[regions.Index[y * width]], open[regions.Index[(y * width) + width - 1]]) = (true, true);
        for (var i = 0; i < mask.Length; i++)
        {
            var region = regions.Index[i];
            if (region > 0 && !open[region] && regions.Sizes[region - 1] <= maximumPixels) mask[i] = 1;
        }
    }

    /// <summary>The mask grown by a square of side 2 radius + 1; outside of the image is 0.</summary>
    public static byte[] Dilate(ReadOnlySpan<byte> mask, int width, int radius) => Square(mask, width, radius, grow: true, outside: 0);

    /// <summary>The mask shrunk by a square of side 2 radius + 1.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="radius">Pixels to take away on each side.</param>
    /// <param name="outside">What lies beyond the border: 0 eats the mask from there (boundary IoU), 1 does not.</param>
    public static byte[] Erode(ReadOnlySpan<byte> mask, int width, int radius, byte outside) =>
        Square(mask, width, radius, grow: false, outside);

    // A square is separable: rows, then columns; each as a count over a sliding window.
    private static byte[] Square(ReadOnlySpan<byte> mask, int width, int radius, bool grow, byte outside)
    {
        var height = mask.Length / width;
        var rows = new byte[mask.Length];
        var result = new byte[mask.Length];
        for (var y = 0; y < height; y++) Line(mask.Slice(y * width, width), rows.AsSpan(y * width), 1, width, radius, grow, outside);
        for (var x = 0; x < width; x++) Line(rows.AsSpan(x), result.AsSpan(x), width, height, radius, grow, outside);
        return result;
    }

    private static void Line(ReadOnlySpan<byte> source, Span<byte> target, int stride, int length, int radius, bool grow, byte outside)
    {
        // Counts the deciding value (1 for growing, 0 for shrinking) in the window [i - radius, i + radius].
        var count = 0;
        for (var i = -radius; i < radius; i++) count += Decides(source, i);
        for (var i = 0; i < length; i++)
        {
            count += Decides(source, i + radius);
            target[i * stride] = (count > 0) == grow ? (byte)1 : (byte)0;
            count -= Decides(source, i - radius);
        }

        int Decides(ReadOnlySpan<byte> line, int i) => ((uint)i < (uint)length ? line[i * stride] != 0 : outside != 0) == grow ? 1 : 0;
    }
}
