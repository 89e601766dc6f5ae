namespace FreeMask.Imaging;

/// <summary>How far two pixels are apart.</summary>
internal enum DistanceMetric
{
    /// <summary>sqrt(dx² + dy²).</summary>
    Euclidean,

    /// <summary>max(|dx|, |dy|): steps of a king.</summary>
    Chessboard,

    /// <summary>|dx| + |dy|: steps along edges.</summary>
    Taxicab,
}

/// <summary>Exact distances to the nearest clear pixel, as scipy's <c>distance_transform_edt</c> and <c>_cdt</c>.</summary>
internal static class DistanceMap
{
    /// <summary>Measures every pixel of a mask (row-major bytes, 0 or not 0).</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="metric">What counts as far.</param>
    /// <param name="clearOutside">Whether all around the image counts as clear.</param>
    /// <returns>In pixels: 0 for clear pixels, infinity where nothing is clear.</returns>
    public static double[] Measure(
        ReadOnlySpan<byte> mask,
        int width,
        DistanceMetric metric = DistanceMetric.Euclidean,
        bool clearOutside = false
    )
    {
        var height = mask.Length / width;
        var columns = Columns(mask, width, height, clearOutside);
        var distances = new double[mask.Length];
        for (var y = 0; y < height; y++) Row(columns.AsSpan(y * width, width), distances.AsSpan(y * width, width), metric, clearOutside);
        return distances;
    }

    /// <summary>Within each column; infinity where it has nothing clear.</summary>
    private static double[] Columns(ReadOnlySpan<byte> mask, int width, int height, bool clearOutside)
    {
        var columns = new double[mask.Length];
        for (var x = 0; x < width; x++)
        {
            var steps = clearOutside ? 0 : double.PositiveInfinity;
            for (var i = x; i < mask.Length; i += width) columns[i] = steps = mask[i] == 0 ? 0 : steps + 1;
            steps = clearOutside ? 0 : double.PositiveInfinity;
            for (var y = height - 1; y >= 0; y--) columns[(y * width) + x] = steps = Math.Min(columns[(y * width) + x], steps + 1);
        }

        return columns;
    }

    /// <summary>
    /// The nearest by way of any column of the row. From each pixel the search goes outwards and ends where the columns alone are farther
    /// than what was found, which is soon wherever something is near; that is enough for all three metrics.
    /// </summary>
    private static void Row(ReadOnlySpan<double> columns, Span<double> distances, DistanceMetric metric, bool clearOutside)
    {
        for (var x = 0; x < distances.Length; x++)
        {
            var best = columns[x];
            for (var away = 1; away < best; away++)
            {
                var (left, right) = (x - away, x + away);
                if (left < 0 && right >= distances.Length && !clearOutside) break;
                best = Math.Min(best, Far(Column(columns, left, clearOutside), away, metric));
                best = Math.Min(best, Far(Column(columns, right, clearOutside), away, metric));
            }

            distances[x] = best;
        }
    }

    private static double Column(ReadOnlySpan<double> columns, int x, bool clearOutside) =>
        (uint)x < (uint)columns.Length ? columns[x] : clearOutside ? 0 : double.PositiveInfinity;

    private static double Far(double down, int across, DistanceMetric metric) => metric switch
    {
        DistanceMetric.Euclidean => Math.Sqrt((down * down) + ((double)across * across)),
        DistanceMetric.Chessboard => Math.Max(down, across),
        _ => down + across,
    };
}
